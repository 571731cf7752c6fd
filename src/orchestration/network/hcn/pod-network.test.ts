import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Spec } from "../../../oci/spec.ts";
import type { InitOf } from "../../../prot/json-codec.ts";
import { hostComputeEndpoint, hostComputeNamespace } from "../../../prot/resources/hcn.ts";
import type { lcowNetworkAdapter } from "../../../prot/resources/network.ts";
import { HcnPodNetwork, type JoiningVm } from "./pod-network.ts";

const NS = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
const spec = (network: unknown, annotations: Record<string, string> = {}): Spec => ({
  ociVersion: "1.1.0",
  annotations,
  windows: { network },
});

class Subject {
  readonly log: string[] = [];
  readonly settings: InitOf<typeof lcowNetworkAdapter>[] = [];
  readonly network = new HcnPodNetwork({
    podId: "pod1",
    hcn: {
      namespace: async (id) => ({
        ...hostComputeNamespace.zero,
        id,
        resources: [{ type: "Endpoint", data: { ID: "e1" } }],
      }),
      endpoint: async (id) => ({ ...hostComputeEndpoint.zero, id, name: "eth0" }),
    },
    warn: (message) => this.log.push(message),
  });
  readonly vm: JoiningVm = {
    uvm: {
      ...{ stack: "hcs", supported: () => true },
      addNetworkAdapter: async ({ backend }) => void this.log.push(`plug ${backend.kind}`),
      removeNetworkAdapter: async () => void this.log.push("unplug"),
    },
    guest: {
      capabilities: () => ({ namespaceAddRequestSupported: true }) as never,
      addNetworkInterface: async (settings) => void this.settings.push(settings),
      removeNetworkInterface: async () => void this.log.push("remove"),
    },
  };
}

describe("network of a pod on Windows", () => {
  it("is the namespace that the spec names, once for all its containers", async () => {
    const s = new Subject();
    assert.equal(s.network.open(), undefined);
    assert.equal(await s.network.join(s.vm, spec({ networkNamespace: NS })), NS);
    assert.equal(await s.network.join(s.vm, spec({ networkNamespace: NS.toUpperCase() })), NS.toUpperCase());
    assert.deepEqual(s.log, ["plug endpoint"]);
    assert.deepEqual([s.settings[0]?.namespaceId, s.settings[0]?.policyBasedRouting], [NS, false]);
    assert.throws(() => s.network.checkSave(), { kind: "failed-precondition", message: /pod1 has 1 network adapters/ });
    await s.network.close();
    s.network.checkSave();
    assert.deepEqual(s.log, ["plug endpoint"], "the VM has taken it");
  });

  it("is told to a Windows guest in its own way: the namespace, then each adapter before it comes and after", async () => {
    const s = new Subject();
    const note = async (what: string) => void s.log.push(what);
    const windows = {
      capabilities: s.vm.guest.capabilities,
      addNetworkNamespace: () => note("namespace"),
      removeNetworkNamespace: () => note("no namespace"),
      addNetworkInterface: (_: string, type: string) => note(type),
      removeNetworkInterface: (_: string, type: string) => note(type),
    };
    const vm: JoiningVm = { ...s.vm, guest: { ...s.vm.guest, windows } };
    assert.equal(await s.network.join(vm, spec({ networkNamespace: NS })), NS);
    assert.deepEqual([s.log, s.settings], [["namespace", "PreAdd", "plug endpoint", "Add"], []]);
  });

  it("comes anew with the next VM", async () => {
    const s = new Subject();
    for (let boot = 0; boot < 2; boot++) {
      await s.network.join(s.vm, spec({ networkNamespace: NS }));
      await s.network.close();
    }
    assert.deepEqual(s.log, ["plug endpoint", "plug endpoint"]);
  });

  it("routes by policy where the annotation asks for it", async () => {
    const s = new Subject();
    const annotation = "io.microsoft.virtualmachine.lcow.network.policybasedrouting";
    await s.network.join(s.vm, spec({ networkNamespace: NS }, { [annotation]: "true" }));
    assert.equal(s.settings[0]?.policyBasedRouting, true);
  });

  for (const none of [undefined, null, {}, { networkNamespace: "" }, { networkNamespace: null, endpointList: [] }]) {
    it(`is none for ${JSON.stringify(none)}`, async () => {
      const s = new Subject();
      assert.equal(await s.network.join(s.vm, spec(none)), undefined);
      assert.deepEqual(s.log, []);
      s.network.checkSave();
      await s.network.close();
    });
  }

  for (const [network, message] of [
    [{ endpointList: ["e1"] }, /endpointList is not supported: use a networkNamespace/],
    [{ networkNamespace: 7 }, /networkNamespace is no text/],
  ] as const) {
    it(`is refused for ${JSON.stringify(network)}`, async () => {
      const s = new Subject();
      await assert.rejects(s.network.join(s.vm, spec(network)), { kind: "invalid-argument", message });
    });
  }

  it("is one namespace", async () => {
    const s = new Subject();
    await s.network.join(s.vm, spec({ networkNamespace: NS }));
    const other = s.network.join(s.vm, spec({ networkNamespace: "other" }));
    await assert.rejects(other, { kind: "invalid-argument", message: /cannot join other too/ });
  });
});
