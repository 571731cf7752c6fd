import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { isKind, notFound } from "../../errors/shim-error.ts";
import type { Spec } from "../../oci/spec.ts";
import type { Pod } from "../../prot/resources/pod.ts";
import { POD_NAMESPACE } from "../../prot/resources/pod.ts";
import type { ContainerPorts } from "../container/ports.ts";
import { HeldSandbox, type SandboxVm } from "./held.ts";
import type { CreateSandbox, SandboxConfig } from "./ports.ts";

const NETWORK = "/proc/self/ns/net";
const config: SandboxConfig = {
  hostname: "web",
  dns: { servers: ["10.0.0.53", "10.0.0.54"], searches: ["a.test", "b.test"], options: ["ndots:2"] },
  cgroupParent: "/pods/p1",
  sysctls: { "net.core.somaxconn": "7" },
};
const call = { signal: new AbortController().signal };

class Subject {
  readonly warnings: string[] = [];
  readonly told: Pod[] = [];
  readonly sandbox: HeldSandbox;
  measures = true;
  readonly vm: SandboxVm = {
    uvm: {
      supported: () => this.measures,
      properties: async () => ({ state: "running", pid: process.pid, details: {} }),
      statistics: async () => ({
        memory: { assignedBytes: 512n, workingSetBytes: 300n },
        processor: { totalNs: 9_000n, guestNs: 4_000n },
      }),
    },
    guest: { addPod: async (pod) => void this.told.push(pod) },
  };

  constructor(request: Partial<CreateSandbox>, specs: Record<string, Spec> = {}) {
    const loadSpec = (bundle: string): Spec => {
      const spec = specs[bundle];
      if (spec === undefined) throw notFound(`bundle ${bundle} has no config.json`);
      return spec;
    };
    const ports = { loadSpec, warn: (message: string) => this.warnings.push(message) } as unknown as ContainerPorts;
    const whole = { id: "s1", bundle: "/s", networkNamespace: "", annotations: {}, ...request };
    this.sandbox = new HeldSandbox(whole, ports, () => {});
  }
}

function file(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "held-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "network");
  writeFileSync(path, "");
  return path;
}

describe("a sandbox that keeps its pod's VM", () => {
  it("has a VM made of its bundle's spec, its annotations, its network and its cgroup", () => {
    const given = {
      ociVersion: "1.2.0",
      annotations: { a: "1", b: "1" },
      linux: { namespaces: [{ type: "network" }] },
    };
    const { sandbox } = new Subject({ networkNamespace: NETWORK, annotations: { b: "2" }, config }, { "/s": given });
    assert.deepEqual(sandbox.spec(), {
      ociVersion: "1.2.0",
      annotations: { a: "1", b: "2" },
      linux: { namespaces: [{ type: "network", path: NETWORK }], cgroupsPath: "/pods/p1/s1" },
    });
  });

  it("needs no spec, no network and no cgroup of its own", () => {
    for (const cgroupParent of ["", "kubepods.slice", "/kubepods.slice"]) {
      const { sandbox } = new Subject({ config: { ...config, cgroupParent } });
      assert.deepEqual(sandbox.spec(), { ociVersion: "1.0.2", annotations: {}, linux: { namespaces: [] } });
    }
  });

  it("changes the specs of its members alone", () => {
    const member = { ociVersion: "1.1.0", linux: { namespaces: [{ type: "ipc", path: "/proc/9/ns/ipc" }] } };
    const { sandbox } = new Subject({ networkNamespace: NETWORK, config }, { "/m": member });
    assert.deepEqual(sandbox.ports.loadSpec("/m").linux, {
      namespaces: [
        { type: "ipc", path: POD_NAMESPACE },
        { type: "network", path: NETWORK },
      ],
      sysctl: { "net.core.somaxconn": "7" },
    });
  });

  it("is refused in a network namespace that is gone; one that is none leaves its members without a network", (t) => {
    assert.throws(
      () => new Subject({ networkNamespace: "/no/such/ns" }),
      (error) => isKind(error, "not-found"),
    );
    const s = new Subject({ networkNamespace: file(t) }, { "/m": { ociVersion: "1.1.0" } });
    assert.match(s.warnings.join(), /is no network namespace/);
    assert.deepEqual(s.sandbox.ports.loadSpec("/m").linux?.namespaces, [{ type: "network" }]);
    assert.deepEqual(s.sandbox.spec().linux?.namespaces, []);
  });

  it("tells the guest what CRI's own sandbox container would bring", async () => {
    const s = new Subject({ networkNamespace: NETWORK, config });
    await s.sandbox.start(s.vm, 1_000);
    const resolvConf = "search a.test b.test\nnameserver 10.0.0.53\nnameserver 10.0.0.54\noptions ndots:2\n";
    assert.deepEqual(s.told, [{ id: "s1", hostname: "web", hosts: readFileSync("/etc/hosts", "utf8"), resolvConf }]);
  });

  it("has the host's name on the host's network, and the host's resolvers without its own", async () => {
    const dns = { servers: [], searches: [], options: [] };
    const s = new Subject({ config: { ...config, hostname: "", dns } });
    await s.sandbox.start(s.vm, 1_000);
    assert.equal(s.told[0]?.hostname, hostname());
    assert.equal(s.told[0]?.resolvConf, readFileSync("/etc/resolv.conf", "utf8"));
  });

  it("has nothing to bring where CRI says nothing of the pod", async () => {
    const s = new Subject({});
    await s.sandbox.start(s.vm, 1_000);
    assert.deepEqual(s.told, [{ id: "s1", hostname: "", hosts: "", resolvConf: "" }]);
  });

  it("is measured by its VM, in its own cgroup where it has one", async () => {
    const s = new Subject({});
    await assert.rejects(s.sandbox.metrics([], call), (error) => isKind(error, "unavailable"));
    await s.sandbox.start(s.vm, 1_000);
    assert.deepEqual(await s.sandbox.metrics([], call), {
      v2: { cpu: { usage_usec: 9n, user_usec: 4n }, memory: { usage: 300n, usage_limit: 512n } },
    });
    const grouped = new Subject({ config });
    await grouped.sandbox.start(grouped.vm, 1_000);
    const { v1 } = await grouped.sandbox.metrics([], call);
    // This very process's cgroup, in this host's dialect.
    assert.ok(v1 !== undefined && "memory" in v1);
  });

  it("is measured by its containers where it has no VM", async () => {
    const s = new Subject({});
    s.measures = false;
    await s.sandbox.start(s.vm, 1_000);
    const unlimited = 2n ** 64n - 1n;
    const stats = { pids: { current: 2, limit: unlimited }, cpu: { usage_usec: 5 }, io: { usage: [{ major: 8 }] } };
    const member = (of: object) => ({ stats: async () => of });
    const gone = { stats: () => Promise.reject(notFound("stopped")) };
    const sum = { pids: { current: 4n, limit: unlimited }, cpu: { usage_usec: 10n }, io: {} };
    assert.deepEqual(await s.sandbox.metrics([member({ v1: {}, v2: stats }), gone, member({ v2: stats })], call), {
      v2: sum,
    });
    assert.deepEqual(await s.sandbox.metrics([member({ v1: stats }), member({ v1: stats })], call), { v1: sum });
    assert.deepEqual(await s.sandbox.metrics([], call), { v2: {} });
  });
});
