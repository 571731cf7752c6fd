import assert from "node:assert/strict";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { BootNetwork } from "./boot-arguments.ts";
import { configureNetworks, gatewayOf, hasDefaultRoute } from "./boot-network.ts";

const network = (mac: string, ...addresses: string[]): BootNetwork => ({ mac, addresses, dhcp: false });

describe("the network of a guest with the agent", () => {
  let directory = "";
  const ran: string[] = [];
  let leased = false;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "agent-network-"));
    ran.length = 0;
    leased = false;
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const tools = () => ({
    findLink: async (mac: string) => `eth-${mac}`,
    run: async (argv: readonly string[], { input = "" }: { input?: string } = {}) => {
      ran.push(input === "" ? argv.join(" ") : input.trim().replaceAll("\n", "; "));
      leased ||= argv.includes("udhcpc");
    },
    hasDefaultRoute: () => leased,
    resolvConf: join(directory, "resolv.conf"),
    leaseScript: join(directory, "agent", "lease"),
  });

  it("has its addresses, then its links, and the default route of the first that has a gateway", async () => {
    await configureNetworks(
      [network("1"), network("2", "192.168.127.2/24", "fd00::2/64"), network("3", "10.0.0.9/8")],
      tools(),
    );
    assert.deepEqual(ran, [
      "link set dev eth-1 up",
      "addr add 192.168.127.2/24 dev eth-2; addr add fd00::2/64 dev eth-2 nodad; link set dev eth-2 up",
      "ip -4 route replace default via 192.168.127.1 dev eth-2",
      "addr add 10.0.0.9/8 dev eth-3; link set dev eth-3 up",
    ]);
    assert.equal(readFileSync(tools().resolvConf, "utf8"), "nameserver 192.168.127.1\nnameserver 10.0.0.1\n");
  });

  it("asks for a lease, whose route stands before those of later networks", async () => {
    const script = tools().leaseScript;
    await configureNetworks([{ mac: "1", addresses: [], dhcp: true }, network("2", "10.0.0.9/8")], tools());
    assert.deepEqual(ran, [
      "link set dev eth-1 up",
      `busybox udhcpc -n -t 10 -i eth-1 -s ${script}`,
      "addr add 10.0.0.9/8 dev eth-2; link set dev eth-2 up",
    ]);
    accessSync(script, constants.X_OK);
    assert.ok(readFileSync(script, "utf8").includes(`>>${tools().resolvConf}`));
  });

  it("is left alone where none is named", async () => {
    await configureNetworks([], tools());
    assert.deepEqual(ran, []);
  });

  it("has the first address of its subnet as gateway, unless that is its own or there is none", () => {
    for (const [cidr, gateway] of [
      ["192.168.127.2/24", "192.168.127.1"],
      ["10.250.3.4/8", "10.0.0.1"],
      ["10.0.0.130/25", "10.0.0.129"],
      ["10.0.0.1/24", undefined],
      ["10.0.0.2/32", undefined],
      ["10.0.0.2/31", undefined],
      ["fd00:1::5/64", "fd00:1:0:0:0:0:0:1"],
    ] as const) {
      assert.equal(gatewayOf(network("1", cidr)), gateway, cidr);
    }
    assert.equal(gatewayOf(network("1", "fd00::2/64", "10.0.0.2/8")), "10.0.0.1");
    assert.equal(gatewayOf(network("1")), undefined);
  });

  it("reads the kernel's table of routes", () => {
    const head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
    const subnet = "eth0\t0008090A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
    assert.equal(hasDefaultRoute(head + subnet), false);
    assert.equal(hasDefaultRoute(`${head + subnet}eth0\t00000000\t0208090A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n`), true);
  });
});
