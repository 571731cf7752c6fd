import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HostComputeEndpoint, hostComputeEndpoint } from "../../../prot/resources/hcn.ts";
import { lcowNetworkAdapter } from "../../../prot/resources/network.ts";
import { endpointAdapter, eth0First } from "./adapter.ts";

const endpoint = (members: object): HostComputeEndpoint =>
  hostComputeEndpoint.decode({ ID: "e1", ...members }, "endpoint");
const body = (members: object, policyBasedRouting = false): unknown =>
  lcowNetworkAdapter.encode(endpointAdapter("n1", endpoint(members), { namespaceId: "ns1", policyBasedRouting }));

const cases: readonly [name: string, endpoint: object, wanted: object][] = [
  ["nothing", {}, {}],
  ["a MAC address, as HCN writes it", { MacAddress: "00-15-5D-52-C0-00" }, { MacAddress: "00-15-5D-52-C0-00" }],
  [
    "addresses",
    {
      IpConfigurations: [
        { IpAddress: "10.1.0.7", PrefixLength: 24 },
        { IpAddress: "fd00::7", PrefixLength: 64 },
      ],
    },
    {
      IPConfigs: [
        { IPAddress: "10.1.0.7", PrefixLength: 24 },
        { IPAddress: "fd00::7", PrefixLength: 64 },
      ],
    },
  ],
  [
    "routes",
    { Routes: [{ NextHop: "10.1.0.1", DestinationPrefix: "0.0.0.0/0", Metric: 10 }, { DestinationPrefix: "::/0" }] },
    { Routes: [{ NextHop: "10.1.0.1", DestinationPrefix: "0.0.0.0/0", Metric: 10 }, { DestinationPrefix: "::/0" }] },
  ],
  ["a search list", { Dns: { Search: ["A.local", "b.local"] } }, { DNSSuffix: "a.local,b.local" }],
  [
    "a domain before the search list",
    { Dns: { Domain: "Svc.local", Search: ["a.local"] } },
    { DNSSuffix: "svc.local,a.local" },
  ],
  ["servers", { Dns: { ServerList: ["10.0.0.10", "FE80::1%Eth0"] } }, { DNSServerList: "10.0.0.10,fe80::1%eth0" }],
  [
    "the last overhead of an encapsulation",
    {
      Policies: [
        { Type: "EncapOverhead", Settings: { Overhead: 50 } },
        { Type: "OutBoundNAT", Settings: { Overhead: 1 } },
        { Type: "EncapOverhead", Settings: { Overhead: 54 } },
      ],
    },
    { EncapOverhead: 54 },
  ],
];

describe("adapter of an endpoint in a Linux guest", () => {
  for (const [name, given, wanted] of cases) {
    it(`has ${name}`, () => {
      assert.deepEqual(body(given), { NamespaceID: "ns1", ID: "n1", ...wanted });
    });
  }

  it("has the policy-based routing that is asked for", () => {
    assert.deepEqual(body({}, true), { NamespaceID: "ns1", ID: "n1", PolicyBasedRouting: true });
  });

  for (const Settings of ["x", { Overhead: "50" }, { Overhead: 70_000 }, { Overhead: -1 }]) {
    it(`is refused for an overhead of ${JSON.stringify(Settings)}`, () => {
      const policies = { Policies: [{ Type: "EncapOverhead", Settings }] };
      assert.throws(() => body(policies), { kind: "invalid-argument", message: /network endpoint e1: EncapOverhead/ });
    });
  }
});

describe("order of endpoints", () => {
  for (const [names, wanted] of [
    [[], []],
    [
      ["a", "b"],
      ["a", "b"],
    ],
    [
      ["a", "b", "x_eth0"],
      ["x_eth0", "a", "b"],
    ],
    [
      ["eth0x", "eth0", "b_eth0"],
      ["eth0", "b_eth0", "eth0x"],
    ],
  ] as const) {
    it(`${names.join() || "none"} -> ${wanted.join() || "none"}`, () => {
      const sorted = eth0First(names.map((Name) => endpoint({ Name })));
      assert.deepEqual(
        sorted.map(({ name }) => name),
        wanted,
      );
    });
  }
});
