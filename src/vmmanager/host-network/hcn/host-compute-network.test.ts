import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind, notFound } from "../../../errors/shim-error.ts";
import { hostComputeEndpoint, hostComputeNamespace } from "../../../prot/resources/hcn.ts";
import type { ComputeNetwork } from "./compute-network.ts";
import { guidBytes } from "./guid.ts";
import { hcnError } from "./hcn-error.ts";
import { endpointIds, hostComputeNetwork } from "./host-compute-network.ts";

const NS = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
const ENDPOINT = "0d3f1c8e-52b4-4c3e-9a1b-1f7a5c2e9d40";

// As HNS answers a query of schema 2.0; written after hcsshim's hcn types, as no Windows host is here to record it from.
const NAMESPACE_JSON = `{"ID":"${NS}","NamespaceId":3,"Type":"Host","Resources":[{"Type":"Container","Data":{"ID":"c1"}},
  {"Type":"Endpoint","Data":{"ID":"${ENDPOINT}"}}],"SchemaVersion":{"Major":2,"Minor":0},"CreateProcessingStartTime":133}`;
const ENDPOINT_JSON = `{"ID":"${ENDPOINT}","Name":"cali_eth0","HostComputeNetwork":"n1","HostComputeNamespace":"${NS}",
  "Policies":[{"Type":"EncapOverhead","Settings":{"Overhead":50}},{"Type":"OutBoundNAT","Settings":{"Exceptions":["10.0.0.0/8"]}}],
  "IpConfigurations":[{"IpAddress":"10.1.0.7","PrefixLength":24}],"Dns":{"Domain":"svc.local","ServerList":["10.0.0.10"]},
  "Routes":[{"NextHop":"10.1.0.1","DestinationPrefix":"0.0.0.0/0"}],"MacAddress":"00-15-5D-52-C0-00","Flags":0,
  "Health":{"Data":null,"Extra":{"SwitchGuid":"s1"}},"SchemaVersion":{"Major":2,"Minor":0},"State":3}`;

function host(answers: Partial<ComputeNetwork>): ComputeNetwork {
  const unasked = async (): Promise<string> => assert.fail("not asked for");
  return { query: unasked, enumerate: unasked, ...answers };
}

describe("host compute network", () => {
  it("reads a namespace, with a query of schema 2.0, and the endpoints in it", async () => {
    const asked: unknown[] = [];
    const query: ComputeNetwork["query"] = async (...call) => {
      asked.push(call.slice(0, 3));
      return NAMESPACE_JSON;
    };
    const namespace = await hostComputeNetwork(host({ query })).namespace(NS);
    assert.deepEqual(asked, [["Namespace", NS, '{"SchemaVersion":{"Major":2,"Minor":0}}']]);
    assert.deepEqual([namespace.id, namespace.namespaceId, namespace.type], [NS, 3, "Host"]);
    assert.deepEqual(endpointIds(namespace), [ENDPOINT]);
  });

  it("reads an endpoint, and writes for a guest what hcsshim's does", async () => {
    const endpoint = await hostComputeNetwork(host({ query: async () => ENDPOINT_JSON })).endpoint(ENDPOINT);
    assert.deepEqual(hostComputeEndpoint.encode(endpoint), {
      ID: ENDPOINT,
      Name: "cali_eth0",
      HostComputeNetwork: "n1",
      HostComputeNamespace: NS,
      Policies: [
        { Type: "EncapOverhead", Settings: { Overhead: 50 } },
        { Type: "OutBoundNAT", Settings: { Exceptions: ["10.0.0.0/8"] } },
      ],
      IpConfigurations: [{ IpAddress: "10.1.0.7", PrefixLength: 24 }],
      Dns: { Domain: "svc.local", ServerList: ["10.0.0.10"] },
      Routes: [{ NextHop: "10.1.0.1", DestinationPrefix: "0.0.0.0/0" }],
      MacAddress: "00-15-5D-52-C0-00",
      Health: { Extra: { SwitchGuid: "s1" } },
      SchemaVersion: { Major: 2, Minor: 0 },
    });
  });

  // Go's omitempty leaves no struct out.
  it("writes empty structs, as Go does", () => {
    const schema = { Major: 0, Minor: 0 };
    assert.deepEqual(hostComputeNamespace.encode({ id: NS }), { ID: NS, SchemaVersion: schema });
    assert.deepEqual(hostComputeEndpoint.encode({}), { Dns: {}, Health: { Extra: {} }, SchemaVersion: schema });
  });

  it("lists", async () => {
    const hcn = hostComputeNetwork(host({ enumerate: async (object) => `["${object}"]` }));
    assert.deepEqual([await hcn.namespaces(), await hcn.endpoints()], [["Namespace"], ["Endpoint"]]);
  });

  it("names what does not exist", async () => {
    const hcn = hostComputeNetwork(host({ query: async () => Promise.reject(notFound("HcnOpenEndpoint: x")) }));
    await assert.rejects(hcn.endpoint(ENDPOINT), {
      kind: "not-found",
      message: /^network endpoint 0d3f.* does not exist/,
    });
    await assert.rejects(hcn.namespace(NS), { kind: "not-found", message: /^network namespace 6ba7.* does not exist/ });
  });

  for (const [json, message] of [
    ["", /network endpoint .* is not JSON/],
    ["[]", /is an array; wanted an object/],
    ['{"MacAddress":7}', /MacAddress is a?\w*number 7; wanted a string/],
    ['{"Routes":[{"Metric":65536}]}', /Routes\[0\].Metric is number 65536/],
    ['{"IpConfigurations":[{"PrefixLength":"24"}]}', /PrefixLength is string/],
  ] as const) {
    it(`refuses an endpoint that is ${json || "nothing"}`, async () => {
      const hcn = hostComputeNetwork(host({ query: async () => json }));
      await assert.rejects(hcn.endpoint(ENDPOINT), (e) => isKind(e, "invalid-argument") && message.test(`${e}`));
    });
  }

  it("refuses an endpoint without an id in a namespace", () => {
    const zero = { ...hostComputeNamespace.zero, id: NS };
    for (const data of [{}, { ID: 5 }]) {
      assert.throws(() => endpointIds({ ...zero, resources: [{ type: "Endpoint", data }] }), /endpoint 0/);
    }
  });
});

describe("GUIDs of HCN", () => {
  it("lie in memory as Windows has them", () => {
    const bytes = guidBytes("00112233-4455-6677-8899-AABBCCDDEEFF", "namespace");
    assert.equal(Buffer.from(bytes).toString("hex"), "33221100554477668899aabbccddeeff");
  });

  for (const text of ["", "6ba7b810", `{${NS}}`, `${NS}0`, "zba7b810-9dad-11d1-80b4-00c04fd430c8"]) {
    it(`are not ${JSON.stringify(text)}`, () => {
      assert.throws(() => guidBytes(text, "network namespace"), { kind: "invalid-argument", message: /is no GUID/ });
    });
  }
});

describe("errors of HCN", () => {
  for (const [hresult, kind] of [
    [0x8007_0490, "not-found"],
    [0x803b_0001, "not-found"],
    [0x803b_0002, "not-found"],
    [0x803b_000c, "invalid-argument"],
    [0x803b_0013, "already-exists"],
    [0x803b_0014, "already-exists"],
    [0x803b_0015, "unimplemented"],
    [0x803b_001b, "invalid-argument"],
    [0x803b_0020, "unavailable"],
    [0x8007_06ba, "unavailable"],
    [0x803b_002c, "failed-precondition"],
    [0x8007_0005, "permission-denied"],
    [0x8000_4001, "unimplemented"],
    [0x803b_0018, "internal"],
  ] as const) {
    // As a C function returns it, and unsigned.
    for (const code of [hresult, hresult | 0]) {
      it(`${code} is ${kind}`, () => assert.equal(hcnError("HcnOpenNamespace", code, "").kind, kind));
    }
  }

  for (const [record, message] of [
    ['{"Success":false,"Error":"Element not found. ","ErrorCode":2147943568}', "HcnX: Element not found. (0x80070490)"],
    ["", "HcnX: failed (0x80070490)"],
    ["service is gone", "HcnX: service is gone (0x80070490)"],
    ["{}", "HcnX: {} (0x80070490)"],
  ] as const) {
    it(`are told by ${record || "nothing"}`, () => {
      assert.equal(hcnError("HcnX", 0x8007_0490, record).message, message);
    });
  }
});
