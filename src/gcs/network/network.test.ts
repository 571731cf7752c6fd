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
    assert.deepEqual(adapter.routes, [{ nextHop: "10.0.0.1", destination: "0.0.0.0/0", metric: 7, source: "" }]);
  });

  for (const [what, change] of [
    ["a MAC address that is none", { MacAddress: "zz" }],
    ["an address that is none", { IPConfigs: [{ IPAddress: "10.0.0.256", PrefixLength: 24 }] }],
    ["an option in an address's place", { IPConfigs: [{ IPAddress: "-help", PrefixLength: 24 }] }],
    ["a prefix that is too long", { IPConfigs: [{ IPAddress: "10.0.0.2", PrefixLength: 33 }] }],
    ["a destination without length", { Routes: [{ NextHop: "10.0.0.1", DestinationPrefix: "0.0.0.0" }] }],
    ["a next hop that is none", { Routes: [{ NextHop: "x", DestinationPrefix: "0.0.0.0/0" }] }],
    ["a name that is no link's", { InterfaceName: "a b" }],
    ["a neighbour without a MAC address", { Neighbors: [{ IPAddress: "10.0.0.1" }] }],
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

describe("the ip lines of an adapter", () => {
  it("bring up the link, then addresses, then routes", () => {
    assert.deepEqual(configureCommands(parseAdapter(SETTINGS), "eth0", 1500), [
      "link set dev eth0 mtu 1450 up",
      "addr add 10.0.0.2/24 dev eth0",
      "addr add fd00::2/64 dev eth0 nodad",
      "route replace 0.0.0.0/0 via 10.0.0.1 dev eth0 metric 7",
    ]);
  });

  it("lead to a gateway outside the subnet, with policy-based routing in its own table", () => {
    const adapter = parseAdapter({
      ...SETTINGS,
      EncapOverhead: 0,
      IPConfigs: [
        { IPAddress: "10.0.0.2", PrefixLength: 32 },
        { IPAddress: "fd00::2", PrefixLength: 64 },
      ],
      PolicyBasedRouting: true,
      EnableLowMetric: true,
    });
    assert.deepEqual(configureCommands(adapter, "eth0", 1500), [
      "link set dev eth0 up",
      "addr add 10.0.0.2/32 dev eth0",
      "rule add from 10.0.0.2/32 table 101 priority 5",
      "addr add fd00::2/64 dev eth0 nodad",
      "-6 rule add from fd00::2/128 table 101 priority 5",
      "route replace 10.0.0.1/32 dev eth0 table 101",
      "route replace 0.0.0.0/0 via 10.0.0.1 dev eth0 metric 500 table 101",
    ]);
  });

  it("give the MTU and the neighbours that a network of CNI has, and routes to the link before those beyond it", () => {
    const adapter = parseAdapter({
      ...SETTINGS,
      EncapOverhead: 0,
      MTU: 9000,
      IPConfigs: [{ IPAddress: "10.0.0.2", PrefixLength: 24 }],
      Neighbors: [{ IPAddress: "169.254.1.1", MacAddress: "EE-EE-EE-EE-EE-EE" }],
      Routes: [
        { NextHop: "10.0.0.1", DestinationPrefix: "0.0.0.0/0", Source: "10.0.0.2" },
        { DestinationPrefix: "169.254.1.1/32" },
        { DestinationPrefix: "fd01::/64", Metric: 3 },
      ],
    });
    assert.deepEqual(configureCommands(adapter, "net1", 1500), [
      "link set dev net1 mtu 9000 up",
      "addr add 10.0.0.2/24 dev net1",
      "neigh replace 169.254.1.1 lladdr ee:ee:ee:ee:ee:ee dev net1 nud permanent",
      "route replace 169.254.1.1/32 dev net1",
      "route replace fd01::/64 dev net1 metric 3",
      "route replace 0.0.0.0/0 via 10.0.0.1 dev net1 src 10.0.0.2",
    ]);
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
      async (argv, { input = "" } = {}) => {
        const line = `${argv.join(" ")}: ${input.trim().replaceAll("\n", "; ")}`;
        calls.push(line);
        if (fail !== undefined && line.includes(fail)) throw new Error(`no ${fail}`);
      },
    );
    return { calls, network };
  };
  const PIN = "ip -batch -: netns add ns-1; link set dev lo netns ns-1 name eth0";
  const UNPIN = "ip -batch -: netns del ns-1";

  it("pins a namespace with its first adapter, sets that up there, and lets it go with the last", async () => {
    const { calls, network } = guest();
    await network.add(SETTINGS);
    assert.equal(calls[0], PIN);
    assert.match(calls[1] ?? "", /^ip -n ns-1 -batch -: link set dev lo up; link set dev eth0 mtu \d+ up; addr add /);
    await network.add({ ...SETTINGS, ID: "nic-2" });
    assert.equal(calls[2], "ip -batch -: link set dev lo netns ns-1 name eth1");
    await network.add({ ...SETTINGS, ID: "nic-3", InterfaceName: "net1" });
    assert.equal(calls[4], "ip -batch -: link set dev lo netns ns-1 name net1");
    assert.equal(await network.join("NS-1", "c1"), "/run/netns/ns-1");
    assert.equal(calls.length, 6);
    assert.deepEqual(network.dns("ns-1").servers.slice(0, 2), ["10.0.0.53", "fd00::53"]);
    for (const ID of ["NIC-1", "nic-2", "nic-3"]) await network.remove({ ...SETTINGS, ID });
    assert.ok(calls[6]?.startsWith("ip -n ns-1 -batch -: link set dev eth0 netns "));
    assert.ok(!calls.includes(UNPIN), "a container is in it");
    await network.leave("ns-1", "c1");
    assert.equal(calls.at(-1), UNPIN);
    await network.add(SETTINGS);
    assert.equal(calls.at(-2), PIN);
  });

  it("pins a namespace with its first container, and takes adapters later", async () => {
    const { calls, network } = guest();
    await Promise.all([network.join("ns-1", "c1"), network.join("ns-1", "c2"), network.add(SETTINGS)]);
    assert.deepEqual(calls.slice(0, 3), [
      "ip -batch -: netns add ns-1",
      "ip -n ns-1 -batch -: link set dev lo up",
      "ip -batch -: link set dev lo netns ns-1 name eth0",
    ]);
    await network.remove(SETTINGS);
    await Promise.all([network.leave("ns-1", "c1"), network.leave("ns-1", "c2"), network.leave("other", "c1")]);
    assert.deepEqual(
      calls.filter((call) => call === UNPIN),
      [UNPIN],
    );
  });

  it("names a namespace whose id is no file's name by a hash of it", async () => {
    const { network } = guest();
    for (const id of ["", "../x", "/var/run/netns/cni-1"]) {
      assert.match(await network.join(id, "c1"), /^\/run\/netns\/ns-[0-9a-f]{32}$/);
    }
  });

  it("refuses the same adapter twice, and takes one removed as new", async () => {
    const { network } = guest();
    await network.add(SETTINGS);
    await assert.rejects(network.add(SETTINGS), (error) => isKind(error, "already-exists"));
    await network.remove(SETTINGS);
    await network.remove(SETTINGS);
    await network.add(SETTINGS);
  });

  it("says that it has no DHCP", async () => {
    const { network } = guest();
    await assert.rejects(
      async () => network.add({ ...SETTINGS, IPConfigs: [] }),
      (error) => isKind(error, "unimplemented"),
    );
  });

  for (const [step, undone] of [
    ["netns add", UNPIN],
    ["link set dev lo netns", UNPIN],
    ["addr add", `ip -n ns-1 -batch -: link set dev eth0 netns ${process.pid} name lo`],
  ] as const) {
    it(`forgets an adapter whose "${step}" failed, so that it can be tried again`, async () => {
      const { calls, network } = guest(step);
      await assert.rejects(network.add(SETTINGS), new RegExp(`no ${step}`));
      assert.ok(calls.includes(undone), calls.join("\n"));
      assert.equal(calls.at(-1), UNPIN);
      await assert.rejects(network.add(SETTINGS), new RegExp(`no ${step}`));
      assert.ok(calls.filter((call) => call === PIN).length === 2);
    });
  }
});
