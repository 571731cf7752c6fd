import assert from "node:assert/strict";
import { it } from "node:test";
import { notFound } from "../../errors/shim-error.ts";
import type { PodGuest } from "../../guestmanager/create-guest.ts";
import type { Spec } from "../../oci/spec.ts";
import type { UtilityVM } from "../../vmmanager/uvm.ts";
import { HcnPodNetwork } from "../network/hcn/pod-network.ts";
import type { HcnPorts } from "../network/hcn/ports.ts";
import { PodController } from "./controller.ts";

it("a pod on a Windows host joins the network namespace that its spec names, before its container is made", async () => {
  const asked: string[] = [];
  const never = new Promise<never>(() => {});
  const uvm = {
    ...{ id: "p1", stack: "hcs", os: "linux", supported: () => true, hostPid: (pid: number) => pid },
    ...{ start: async () => {}, terminate: async () => {}, close: async () => {}, wait: () => never },
  } as unknown as UtilityVM;
  const guest = {
    ...{ prepareConnection() {}, createConnection: async () => {}, closeConnection() {}, disconnected: never },
    createContainer: () => assert.fail("its network is not there"),
    capabilities: () => ({ initStdioSupported: false }),
  } as unknown as PodGuest;
  const spec: Spec = {
    ...{ ociVersion: "1.1.0", root: { path: "rootfs" }, linux: {} },
    windows: { network: { networkNamespace: "ns-1" } },
  };
  const hcn: HcnPorts = {
    namespace: async (id) => {
      asked.push(id);
      throw notFound(`no namespace ${id}`);
    },
    endpoint: () => never,
  };
  const pod = new PodController({
    ...{ id: "p1", namespace: "ns", stateDirectory: "/state", runhcs: "" },
    stack: { name: "hcs", create: async () => uvm, restore: () => never },
    createGuest: () => guest,
    network: ({ podId, warn }) => new HcnPodNetwork({ podId, hcn, warn }),
    limits: { vm: { boot: 5000, terminate: 50, shutdown: 50, pause: 50, growth: 50, save: 50 } },
    ports: {
      loadSpec: () => spec,
      files: { kindOf: () => "directory", tmpfsSize: () => undefined },
      rootfs: { mount: async () => {}, unmount: async () => {} },
      io: { open: () => never, relay: () => assert.fail("nothing runs") },
      ...{ events: { publish() {} }, warn() {} },
    },
  });
  const io = { terminal: false, stdin: "", stdout: "", stderr: "", checkpoint: "" };
  const request = { id: "c1", bundle: "/b", rootfs: [], ...io };
  await assert.rejects(pod.create(request, { signal: new AbortController().signal }), /no namespace ns-1/);
  assert.deepEqual(asked, ["ns-1"]);
});
