import assert from "node:assert/strict";
import { readFileSync, readlinkSync } from "node:fs";
import { describe, it } from "node:test";
import { runtime } from "#runtime";
import { isKind } from "../../errors/shim-error.ts";
import { runProgram } from "../run-program.ts";
import { readAll } from "../stdio/read-all.ts";
import { GuestNetwork } from "./guest-network.ts";
import { linkByMac } from "./links.ts";

const MAC = "02:67:63:73:00:01";

/** Why the kernel can't be asked here; undefined where it can. */
async function notLive(): Promise<string | false> {
  if (process.getuid?.() !== 0) return "wants root: it makes links and network namespaces";
  try {
    await runProgram(["ip", "link", "add", "gcs-probe0", "type", "veth", "peer", "name", "gcs-probe1"]);
    await runProgram(["ip", "link", "del", "gcs-probe0"]);
    await runProgram(["nsenter", "--net=/proc/self/ns/net", "true"]);
    return false;
  } catch (error) {
    return `wants iproute2, nsenter and a kernel with veth: ${error}`;
  }
}

async function output(...argv: string[]): Promise<string> {
  const child = runtime.spawn(argv, { stdio: ["null", "pipe", "null"] });
  const text = child.pipes[1] === undefined ? "" : await readAll(child.pipes[1], 1 << 20);
  await child.exited;
  return text;
}

/** A process with a network namespace of its own. */
async function withNamespace(test: (pid: number) => Promise<void>): Promise<void> {
  const child = runtime.spawn(["unshare", "--net", "sleep", "1000"]);
  try {
    const own = readlinkSync("/proc/self/ns/net");
    while (
      readlinkSync(`/proc/${child.pid}/ns/net`) === own ||
      !readFileSync(`/proc/${child.pid}/cmdline`, "latin1").startsWith("sleep")
    ) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await test(child.pid);
  } finally {
    child.kill(9);
    await child.exited;
  }
}

describe("an adapter in a real network namespace", { skip: await notLive() }, () => {
  it("is found by its MAC address, moved, and set up with addresses and routes", () =>
    withNamespace(async (pid) => {
      const peer = ["peer", "name", "gcs-test1"];
      await runProgram(["ip", "link", "add", "gcs-test0", "address", MAC, "type", "veth", ...peer]);
      try {
        const network = new GuestNetwork(linkByMac, runProgram);
        await network.add({
          NamespaceID: "ns",
          ID: "nic",
          MacAddress: MAC.toUpperCase().replaceAll(":", "-"),
          EncapOverhead: 50,
          IPConfigs: [{ IPAddress: "10.99.0.2", PrefixLength: 32 }],
          Routes: [{ NextHop: "10.99.1.1", DestinationPrefix: "0.0.0.0/0", Metric: 9 }],
        });
        await network.assign("ns", pid);
        const inside = (...argv: string[]) => output("nsenter", `--net=/proc/${pid}/ns/net`, "ip", "-4", ...argv);
        assert.match(await inside("addr", "show", "dev", "gcs-test0"), /mtu 1450 .*\n.*inet 10\.99\.0\.2\/32/);
        assert.match(await inside("addr", "show", "dev", "lo"), /LOOPBACK,UP/);
        const routes = await inside("route", "show");
        assert.match(routes, /^default via 10\.99\.1\.1 dev gcs-test0 metric 9/m);
        assert.match(routes, /^10\.99\.1\.1 dev gcs-test0/m);
      } finally {
        await runProgram(["ip", "link", "del", "gcs-test1"]);
      }
    }));

  it("fails with what ip says, and with the adapter's name where no link has its MAC address", () =>
    withNamespace(async (pid) => {
      const settings = {
        NamespaceID: "ns",
        ID: "nic",
        MacAddress: MAC,
        IPConfigs: [{ IPAddress: "10.99.0.2", PrefixLength: 24 }],
      };
      const network = new GuestNetwork(async () => "lo", runProgram);
      await network.add(settings);
      await assert.rejects(network.assign("ns", pid), /ip link set dev lo netns \d+ exited with \d+: ./);
      const other = new GuestNetwork((adapter) => linkByMac(adapter, 20), runProgram);
      await other.add(settings);
      await assert.rejects(
        other.assign("ns", pid),
        (error: Error) => isKind(error, "not-found") && /adapter "nic": no link has MAC/.test(error.message),
      );
    }));
});
