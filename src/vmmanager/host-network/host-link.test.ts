import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import { hostLinks } from "./host-link.ts";

const eth0 = {
  ifindex: 2,
  ifname: "eth0",
  flags: ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
  mtu: 1450,
  link_type: "ether",
  address: "6A:0E:50:AD:1C:A4",
  addr_info: [
    { family: "inet", local: "10.88.0.7", prefixlen: 24, scope: "global" },
    { family: "inet6", local: "fd00::7", prefixlen: 64, scope: "global" },
    { family: "inet6", local: "fe80::640e:50ff:fead:1ca4", prefixlen: 64, scope: "link" },
  ],
};
const links = (...all: object[]): string => JSON.stringify(all);

describe("the links of a pod's network namespace", () => {
  it("have MAC address, MTU, configured addresses and the routes that somebody set", () => {
    const v4 = [
      { dst: "default", gateway: "10.88.0.1", dev: "eth0", flags: [] },
      { dst: "10.88.0.0/24", dev: "eth0", protocol: "kernel", scope: "link", prefsrc: "10.88.0.7" },
      { dst: "169.254.1.1", dev: "eth0", scope: "link", flags: [] },
      { dst: "10.96.0.0/12", gateway: "10.88.0.2", dev: "eth0", metric: 50, prefsrc: "10.88.0.7", flags: ["onlink"] },
      { dst: "10.1.0.0/16", gateway: "10.89.0.1", dev: "net1" },
      { type: "blackhole", dst: "192.0.2.0/24" },
    ];
    const v6 = [
      { dst: "fd00::/64", dev: "eth0", protocol: "kernel", metric: 256 },
      { dst: "fe80::/64", dev: "eth0", protocol: "static", metric: 256 },
      { dst: "default", gateway: "fd00::1", dev: "eth0", metric: 1024 },
      { dst: "fd01::5", gateway: "fd00::1", dev: "eth0" },
    ];
    assert.deepEqual(hostLinks(links(eth0), JSON.stringify(v4), JSON.stringify(v6)), [
      {
        name: "eth0",
        index: 2,
        macAddress: "6a:0e:50:ad:1c:a4",
        mtu: 1450,
        addresses: [
          { address: "10.88.0.7", prefixLength: 24 },
          { address: "fd00::7", prefixLength: 64 },
        ],
        routes: [
          { destination: "0.0.0.0/0", nextHop: "10.88.0.1", metric: 0, source: "" },
          { destination: "169.254.1.1/32", nextHop: "", metric: 0, source: "" },
          { destination: "10.96.0.0/12", nextHop: "10.88.0.2", metric: 50, source: "10.88.0.7" },
          { destination: "::/0", nextHop: "fd00::1", metric: 1024, source: "" },
          { destination: "fd01::5/128", nextHop: "fd00::1", metric: 0, source: "" },
        ],
      },
    ]);
  });

  for (const [what, change] of [
    ["loopback", { ifname: "lo", link_type: "loopback" }],
    ["a link that is down", { flags: ["BROADCAST"] }],
    ["a tunnel device that every namespace has", { ifname: "tunl0", link_type: "ipip" }],
    ["a link that nobody gave an address", { addr_info: [eth0.addr_info[2]] }],
    ["a tap of ours", { ifname: "uvmtap2" }],
  ] as const) {
    it(`are without ${what}`, () => assert.deepEqual(hostLinks(links({ ...eth0, ...change }), "[]", ""), []));
  }

  it("may be several, each with its own routes", () => {
    const net1 = { ...eth0, ifindex: 3, ifname: "net1", address: "02:00:00:00:00:01" };
    const routes = JSON.stringify([{ dst: "10.1.0.0/16", gateway: "10.89.0.1", dev: "net1" }]);
    const found = hostLinks(links(eth0, net1), routes, "[]");
    assert.deepEqual(
      found.map(({ name, routes }) => [name, routes.length]),
      [
        ["eth0", 0],
        ["net1", 1],
      ],
    );
  });

  it("are none where ip says nothing, an error where it talks nonsense", () => {
    assert.deepEqual(hostLinks("", "", ""), []);
    assert.throws(
      () => hostLinks("Usage: ip", "", ""),
      (error) => isKind(error, "internal") && /Usage: ip/.test(String(error)),
    );
  });
});
