import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import { addressBits, onLink, parseAdapter } from "./adapter.ts";
import { GuestNetwork } from "./guest-network.ts";
import { configureCommands } from "./ip-commands.ts";
import { hostsFile, resolvConf } from "./resolv-conf.ts";

const SETTINGS = {
  NamespaceID: "NS-1",
  ID: "NIC-1",
  MacAddress: "00-15-5D-AA-BB-CC",
  DNSSuffix: "a.test, b.test",
  DNSServerList: "10.0.0.53,fd00::53",
  EncapOverhead: 50,
  IPConfigs: [
    { IPAddress: "10.0.0.2", PrefixLength: 24 },
    { IPAddress: "fd00::2", PrefixLength: 64 },
  ],
  Routes: [{ NextHop: "10.0.0.1", DestinationPrefix: "0.0.0.0/0", Metric: 7 }],
};

describe("network adapter settings", () => {
  it("are read with their lists split and ids and MAC in one form", () => {
    const adapter = parseAdapter(SETTINGS);
    assert.equal(adapter.macAddress, "00:15:5d:aa:bb:cc");
    assert.equal(adapter.namespaceId, "ns-1");
    assert.deepEqual(adapter.dnsSearches, ["a.test", "b.test"]);
    assert.deepEqual(adapter.dnsServers, ["10.0.0.53", "fd00::53"]);
    assert.deepEqual(adapter.routes, [{ nextHop: "10.0.0.1", destination: "0.0.0.0/0", metric: 7 }]);
  });

  for (const [what, change] of [
    ["a MAC address that is none", { MacAddress: "zz" }],
    ["an address that is none", { IPConfigs: [{ IPAddress: "10.0.0.256", PrefixLength: 24 }] }],
    ["an option in an address's place", { IPConfigs: [{ IPAddress: "-help", PrefixLength: 24 }] }],
    ["a prefix that is too long", { IPConfigs: [{ IPAddress: "10.0.0.2", PrefixLength: 33 }] }],
    ["a destination without length", { Routes: [{ NextHop: "10.0.0.1", DestinationPrefix: "0.0.0.0" }] }],
    ["a next hop that is none", { Routes: [{ NextHop: "", DestinationPrefix: "0.0.0.0/0" }] }],
    ["a DNS server that is none", { DNSServerList: "dns.test" }],
    ["no object", undefined],
  ] as const) {
    it(`refuse ${what}`, () => {
      const value = change === undefined ? 7 : { ...SETTINGS, ...change };
      assert.throws(
        () => parseAdapter(value),
        (error) => isKind(error, "invalid-argument"),
      );
    });
  }
});

describe("addresses", () => {
  it("are read as numbers", () => {
    assert.equal(addressBits("10.0.0.1"), 0x0a000001n);
    assert.equal(addressBits("::1"), 1n);
    assert.equal(addressBits("fd00::1:2"), (0xfd00n << 112n) | 0x10002n);
    assert.equal(addressBits("1:2:3:4:5:6:7:8"), 0x00010002000300040005000600070008n);
    for (const text of ["1.2.3", "1::2::3", "1:2:3:4:5:6:7:8:9", "::12345", "1:2:3:4:5:6:7::8:9"]) {
      assert.throws(
        () => addressBits(text),
        (error) => isKind(error, "invalid-argument"),
        text,
      );
    }
  });

  it("know which gateways are on the link", () => {
    const adapter = parseAdapter(SETTINGS);
    assert.equal(onLink(adapter, "10.0.0.1"), true);
    assert.equal(onLink(adapter, "10.0.1.1"), false);
    assert.equal(onLink(adapter, "fd00::1"), true);
    assert.equal(onLink(adapter, "fd01::1"), false);
  });
});

describe("the ip calls of an adapter", () => {
  it("bring up lo and the link, then addresses, then routes", () => {
    const commands = configureCommands(parseAdapter(SETTINGS), "eth0", 1500).map((command) => command.join(" "));
    assert.deepEqual(commands, [
      "link set dev lo up",
      "link set dev eth0 mtu 1450",
      "link set dev eth0 up",
      "-4 addr add 10.0.0.2/24 dev eth0",
      "-6 addr add fd00::2/64 dev eth0 nodad",
      "-4 route replace 0.0.0.0/0 via 10.0.0.1 dev eth0 metric 7",
    ]);
  });

  it("lead to a gateway outside the subnet, with policy-based routing in its own table", () => {
    const adapter = parseAdapter({
      ...SETTINGS,
      EncapOverhead: 0,
      IPConfigs: [{ IPAddress: "10.0.0.2", PrefixLength: 32 }],
      PolicyBasedRouting: true,
      EnableLowMetric: true,
    });
    assert.deepEqual(
      configureCommands(adapter, "eth0", 1500).map((command) => command.join(" ")),
      [
        "link set dev lo up",
        "link set dev eth0 up",
        "-4 addr add 10.0.0.2/32 dev eth0",
        "-4 rule add from 10.0.0.2/32 table 101 priority 5",
        "-4 route replace 10.0.0.1/32 dev eth0 table 101",
        "-4 route replace 0.0.0.0/0 via 10.0.0.1 dev eth0 metric 500 table 101",
      ],
    );
  });
});

describe("pod files", () => {
  it("list at most six searches and one nameserver a line", () => {
    const searches = ["1", "2", "3", "4", "5", "6", "7"];
    assert.equal(
      resolvConf({ searches, servers: ["10.0.0.53", "10.0.0.54"] }),
      "search 1 2 3 4 5 6\nnameserver 10.0.0.53\nnameserver 10.0.0.54\n",
    );
    assert.equal(resolvConf({ searches: [], servers: [] }), "");
  });

  it("name the pod on its address", () => {
    assert.match(hostsFile("pod", "10.0.0.2"), /^127\.0\.0\.1\tlocalhost$[\s\S]*^10\.0\.0\.2\tpod$/m);
  });
});

describe("GuestNetwork", () => {
  const guest = (fail?: string) => {
    const calls: string[] = [];
    const network = new GuestNetwork(
      async () => "lo",
      async (argv) => {
        const line = argv.join(" ");
        calls.push(line);
        if (fail !== undefined && line.includes(fail)) throw new Error(`no ${fail}`);
      },
    );
    return { calls, network };
  };

  it("remembers adapters until a container brings its namespace, and moves them once", async () => {
    const { calls, network } = guest();
    await network.add(SETTINGS);
    assert.equal(calls.length, 0);
    await network.assign("ns-1", 42);
    await network.assign("NS-1", 43);
    assert.equal(calls[0], "ip link set dev lo netns 42");
    assert.equal(calls.filter((call) => call.includes(" netns ")).length, 1);
    assert.ok(calls.includes("nsenter --net=/proc/42/ns/net ip -4 addr add 10.0.0.2/24 dev lo"));
    assert.deepEqual(network.dns("ns-1"), {
      searches: ["a.test", "b.test"],
      servers: ["10.0.0.53", "fd00::53"],
      address: "10.0.0.2",
    });
  });

  it("moves an adapter that comes later at once", async () => {
    const { calls, network } = guest();
    await network.add(SETTINGS);
    await network.assign("ns-1", 42);
    const before = calls.length;
    await network.add({ ...SETTINGS, ID: "nic-2" });
    assert.equal(calls[before], "ip link set dev lo netns 42");
  });

  it("refuses the same adapter twice, and takes one removed as new", async () => {
    const { network } = guest();
    await network.add(SETTINGS);
    await assert.rejects(network.add(SETTINGS), (error) => isKind(error, "already-exists"));
    network.remove(SETTINGS);
    network.remove(SETTINGS);
    assert.equal(network.has("ns-1"), false);
    await network.add(SETTINGS);
  });

  it("says that it has no DHCP", async () => {
    const { network } = guest();
    await assert.rejects(network.add({ ...SETTINGS, IPConfigs: [] }), (error) => isKind(error, "unimplemented"));
  });

  it("forgets what failed, so that it can be tried again", async () => {
    const { network } = guest("addr add");
    await network.add(SETTINGS);
    await assert.rejects(network.assign("ns-1", 42), /no addr add/);
    network.release(42);
    await assert.rejects(network.assign("ns-1", 44), /no addr add/);
  });
});
