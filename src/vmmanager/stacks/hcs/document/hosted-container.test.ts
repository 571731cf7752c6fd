import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { containerBase } from "../../../../../test/golden/hcs/containers.ts";
import type { Spec } from "../../../../oci/spec.ts";
import { hostedContainer } from "./hosted-container.ts";

const made = (spec: Partial<Spec>): unknown =>
  hostedContainer({
    id: "c1",
    spec: { ociVersion: "1.1.0", ...spec },
    storage: {
      ...{ rootPath: "C:\\c\\root", layers: [{ id: "layer-1", path: "C:\\layers\\1" }], mappedPipes: [] },
      mappedDirectories: [],
    },
    ...{ hostProcessors: 8, vmProcessors: 4, scaleLimit: false, vmDumpLocation: "", warn: assert.fail },
  });

const cases: readonly [name: string, spec: Partial<Spec>, gives: object][] = [
  ["nothing", {}, {}],
  ["a host name", { hostname: "h1" }, { GuestOs: { HostName: "h1" } }],
  [
    "a network",
    {
      windows: {
        network: {
          ...{ networkNamespace: "ns1", allowUnqualifiedDNSQuery: true, networkSharedContainerName: "c0" },
          DNSSearchList: ["a.local", "b.local"],
        },
      },
    },
    {
      Networking: {
        ...{ AllowUnqualifiedDnsQuery: true, DnsSearchList: "a.local,b.local" },
        ...{ NetworkSharedContainerName: "c0", Namespace: "ns1" },
      },
    },
  ],
  ["an empty network", { windows: { network: {} } }, { Networking: {} }],
  [
    "resources",
    { windows: { resources: { memory: { limit: 1024 * 1024 * 512 }, cpu: { count: 2 } } } },
    { Memory: { SizeInMB: 512n }, Processor: { Count: 2 } },
  ],
  [
    "devices",
    { windows: { devices: [{ id: "g1", idType: "class" }] } },
    { AssignedDevices: [{ InterfaceClassGuid: "g1" }] },
  ],
];

describe("document of a Windows container for its guest", () => {
  for (const [name, spec, gives] of cases) {
    it(`has ${name}`, () => assert.deepEqual(made(spec), { ...containerBase, ...gives }));
  }

  for (const [windows, message] of [
    [{ network: { networkNamespace: 5 } }, /networkNamespace is no text/],
    [{ network: { DNSSearchList: "a" } }, /DNSSearchList is no list/],
    [{ devices: {} }, /windows.devices is no list/],
    [{ devices: [{ id: "x" }] }, /without an id or an idType/],
    [{ devices: [{ id: "x", idType: "y" }] }, /device x is of type y/],
  ] as const) {
    it(`is refused for ${JSON.stringify(windows)}`, () => {
      assert.throws(() => made({ windows }), { kind: "invalid-argument", message });
    });
  }
});
