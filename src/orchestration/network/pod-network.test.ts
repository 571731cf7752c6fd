import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import type { Spec } from "../../oci/spec.ts";
import type { HostLink } from "../../vmmanager/host-network/host-link.ts";
import { PodNetwork } from "./pod-network.ts";
import type { NetworkVm } from "./ports.ts";

const eth0: HostLink = {
  index: 2,
  name: "eth0",
  macAddress: "02:00:00:00:00:02",
  mtu: 1500,
  addresses: [],
  routes: [],
};
const network = (path?: string): Spec => ({
  ociVersion: "1.2.0",
  linux: { namespaces: [{ type: "pid" }, { type: "network", ...(path !== undefined && { path }) }] },
});
const hooked = (stage: string): Spec => ({ ...network(), hooks: { [stage]: [{ path: "/bin/cni" }] } });
const none: Spec = { ociVersion: "1.2.0", linux: { namespaces: [{ type: "pid" }] } };

function subject(links: readonly HostLink[] = []) {
  const log: string[] = [];
  const faults: Record<string, () => Promise<void>> = {};
  const step = async (name: string): Promise<void> => {
    log.push(name);
    await faults[name]?.();
  };
  const vm: NetworkVm = {
    uvm: {
      stack: "qemu",
      supported: () => true,
      addNetworkAdapter: () => step("plug"),
      removeNetworkAdapter: () => step("unplug"),
    },
    guest: { addNetworkInterface: () => step("add"), removeNetworkInterface: () => step("del") },
  };
  const pod = new PodNetwork({
    podId: "p1",
    stateDirectory: "/state",
    host: {
      identify: (path) => path,
      links: async (namespace) => {
        await step(`links ${namespace}`);
        return links;
      },
      joinTap: async () => 7,
      leaveTap: () => step("leave"),
      makeNamespace: (path) => void log.push(`make ${path}`),
      removeNamespace: (path) => void log.push(`remove ${path}`),
    },
    warn: (message) => log.push(message),
  });
  return { pod, vm, log, faults };
}

describe("a pod's network namespace on this host", () => {
  it("is the one that CNI made, which stays CNI's", async () => {
    const { pod, vm, log } = subject([eth0]);
    assert.equal(pod.open(network("/run/netns/a")), "/run/netns/a");
    assert.equal(await pod.join(vm, network("/run/netns/a")), "p1");
    assert.equal(await pod.join(vm, network("/run/netns/a")), "p1");
    await pod.close();
    assert.deepEqual(log, ["links /run/netns/a", "plug", "add", "leave"]);
  });

  it("is shared by its containers also where it has but loopback", async () => {
    const { pod, vm } = subject();
    assert.equal(await pod.join(vm, network("/run/netns/a")), "p1");
  });

  it("is our own where a spec wants a private one, and gone with the VM", async () => {
    const { pod, vm, log } = subject([eth0]);
    assert.equal(pod.open(network("")), "/state/netns");
    assert.equal(pod.open(network()), "/state/netns");
    assert.equal(await pod.join(vm, hooked("createRuntime")), "p1");
    // It has no hooks of its own, and shares what those of another have put there.
    assert.equal(await pod.join(vm, network()), "p1");
    await pod.close();
    const made = ["remove /state/netns", "make /state/netns"];
    assert.deepEqual(log, [...made, "links /state/netns", "plug", "add", "leave", "remove /state/netns"]);
  });

  for (const stage of ["prestart", "createRuntime"]) {
    it(`leaves a container its private one where no ${stage} hook put a link into ours`, async () => {
      const { pod, vm, log } = subject();
      pod.open(network());
      assert.equal(await pod.join(vm, hooked(stage)), undefined);
      assert.equal(log.at(-1), "links /state/netns");
    });
  }

  it("is not looked into where no hook could have put a link into ours", async () => {
    const { pod, vm, log } = subject([eth0]);
    pod.open(network());
    log.length = 0;
    for (const spec of [network(), hooked("poststart")]) assert.equal(await pod.join(vm, spec), undefined);
    assert.deepEqual(log, []);
    assert.equal(await pod.join(vm, hooked("prestart")), "p1");
  });

  it("is this host's, with nothing to do, where a spec has none", async () => {
    const { pod, vm, log } = subject();
    assert.deepEqual([pod.open(none), await pod.join(vm, none), log], [undefined, undefined, []]);
    await pod.close();
    assert.deepEqual(log, []);
  });

  it("is not saved where there is something in it", async () => {
    const { pod, vm } = subject([eth0]);
    pod.checkSave();
    await pod.join(vm, network("/run/netns/a"));
    assert.throws(
      () => pod.checkSave(),
      (error: Error) =>
        isKind(error, "failed-precondition") && /pod p1 has 1 network adapters, .*cannot save/.test(error.message),
    );
    await pod.close();
    pod.checkSave();
  });

  it("is set up anew for the next VM, and what could not be released is tried again", async () => {
    const { pod, vm, log, faults } = subject([eth0]);
    await pod.join(vm, network("/run/netns/a"));
    faults.leave = () => Promise.reject(new Error("busy"));
    await pod.close();
    assert.deepEqual(log.slice(-2), ["leave", "the pod's network is not released"]);
    assert.equal(await pod.join(vm, network("/run/netns/b")), "p1");
    delete faults.leave;
    log.length = 0;
    await pod.close();
    await pod.close();
    assert.deepEqual(log, ["leave", "leave"]);
  });
});
