import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failedPrecondition } from "../../errors/shim-error.ts";
import {
  CreateSandboxRequest,
  Sandbox,
  type SandboxStatusResponse,
} from "../../generated/containerd/runtime/sandbox/v1.ts";
import { Metrics } from "../../generated/io/containerd/cgroups/v2.ts";
import { PodSandboxConfig } from "../../generated/runtime/v1.ts";
import { createLogger } from "../../log/logger.ts";
import type { CreateSandbox, Sandboxes } from "../../orchestration/sandbox/ports.ts";
import { memoryStreamPair } from "../../transport/memory-stream.ts";
import { Client } from "../../ttrpc/client.ts";
import { Server } from "../../ttrpc/server.ts";
import { withinBudgets } from "../budgets.ts";
import { registerSandboxService } from "./sandbox-service.ts";

const at = new Date(1_700_000_000_123);
const atOnWire = { seconds: 1_700_000_000n, nanos: 123_000_000 };
const ref = { sandboxId: "s1" };

/** A sandbox that notes its calls, behind a real server and client. */
class Subject {
  readonly calls: unknown[] = [];
  readonly server: Server;
  readonly client: Client;
  stopped = false;
  start: () => Promise<{ pid: number; createdAt: Date }> = async () => ({ pid: 5, createdAt: at });

  constructor(budgets = {}) {
    this.server = new Server({ interceptors: [withinBudgets(budgets)] });
    const note = (...call: unknown[]): void => void this.calls.push(call);
    const sandboxes: Sandboxes = {
      create: (request: CreateSandbox) => note("create", request),
      start: async () => await this.start(),
      stop: async (id) => note("stop", id),
      wait: async () => ({ status: 137, at }),
      status: () => ({
        ready: !this.stopped,
        pid: 5,
        state: this.stopped ? "stopped" : "ready",
        networkNamespace: "/run/netns/n1",
        createdAt: at,
        ...(this.stopped && { exitedAt: at }),
      }),
      ping: () => {
        if (this.stopped) throw failedPrecondition("sandbox s1 is stopped; cannot ping");
      },
      metrics: async () => {
        sandboxes.ping("s1");
        return { v2: { pids: { current: 3 } } };
      },
      shutdown: async (id) => note("shutdown", id),
    };
    const log = createLogger({ level: "debug", sink: { write: () => undefined } });
    const shutdown = async (): Promise<void> => note("the daemon leaves");
    registerSandboxService(this.server, { sandboxes, log, stack: "qemu", shutdown });
    const [near, far] = memoryStreamPair();
    this.server.accept(far);
    this.client = new Client(near);
  }

  get sandbox() {
    return this.client.service(Sandbox);
  }

  close(): void {
    this.client.close();
    this.server.close();
  }
}

const withSubject = (run: (s: Subject) => Promise<void>, budgets?: object) => async (): Promise<void> => {
  const s = new Subject(budgets);
  try {
    await run(s);
  } finally {
    s.close();
  }
};

const shown = ({ state, info, exitedAt }: SandboxStatusResponse) => ({
  state,
  info: Object.fromEntries(info),
  exitedAt,
});

describe("sandbox service", () => {
  it(
    "carries each request and response over the wire",
    withSubject(async (s) => {
      const annotations = new Map([["a", "1"]]);
      const fields = { ...ref, bundlePath: "/b", netnsPath: "/run/netns/n1", annotations };
      await s.sandbox.createSandbox(CreateSandboxRequest.create(fields));
      assert.deepEqual(await s.sandbox.startSandbox(ref), { pid: 5, createdAt: atOnWire, spec: undefined });
      assert.deepEqual(await s.sandbox.waitSandbox(ref), { exitStatus: 137, exitedAt: atOnWire });
      await s.sandbox.pingSandbox(ref);
      await s.sandbox.stopSandbox({ ...ref, timeoutSecs: 10 });
      await s.sandbox.shutdownSandbox(ref);
      const created = { id: "s1", bundle: "/b", networkNamespace: "/run/netns/n1", annotations: { a: "1" } };
      assert.deepEqual(s.calls, [["create", created], ["stop", "s1"], ["shutdown", "s1"], ["the daemon leaves"]]);
    }),
  );

  it(
    "tells the state in CRI's words, and more to whom asks for it",
    withSubject(async (s) => {
      const ready = await s.sandbox.sandboxStatus({ ...ref, verbose: true });
      const info = { pid: "5", state: "ready", stack: "qemu", networkSandboxPath: "/run/netns/n1" };
      assert.deepEqual(shown(ready), { state: "SANDBOX_READY", info, exitedAt: undefined });
      assert.deepEqual([ready.pid, ready.createdAt], [5, atOnWire]);
      s.stopped = true;
      const stopped = await s.sandbox.sandboxStatus({ ...ref, verbose: false });
      assert.deepEqual(shown(stopped), { state: "SANDBOX_NOTREADY", info: {}, exitedAt: atOnWire });
    }),
  );

  it(
    "takes from CRI's description of a pod what it sees to, and nothing from another's",
    withSubject(async (s) => {
      const dnsConfig = { servers: ["10.0.0.53"], searches: ["a.test"], options: ["ndots:2"] };
      const sysctls = new Map([["net.ipv4.ip_forward", "1"]]);
      const value = PodSandboxConfig.encode({ hostname: "web", dnsConfig, linux: { cgroupParent: "/pods", sysctls } });
      const fields = { ...ref, bundlePath: "/b" };
      const create = (typeUrl: string, bytes = value) =>
        s.sandbox.createSandbox(CreateSandboxRequest.create({ ...fields, options: { typeUrl, value: bytes } }));
      await create("runtime.v1.PodSandboxConfig");
      await create("another.Config");
      const created = { id: "s1", bundle: "/b", networkNamespace: "", annotations: {} };
      const config = { hostname: "web", dns: dnsConfig, cgroupParent: "/pods", sysctls: Object.fromEntries(sysctls) };
      assert.deepEqual(s.calls, [
        ["create", { ...created, config }],
        ["create", created],
      ]);
      await assert.rejects(create("runtime.v1.PodSandboxConfig", Uint8Array.of(18, 200)), { kind: "invalid-argument" });
    }),
  );

  it(
    "answers a pod's metrics as those of a container",
    withSubject(async (s) => {
      const { metrics } = await s.sandbox.sandboxMetrics(ref);
      assert.deepEqual([metrics?.id, metrics?.data?.typeUrl], ["s1", Metrics.typeName]);
      assert.ok(metrics?.timestamp !== undefined && metrics.timestamp.seconds > 0n);
      assert.equal(Metrics.decode(metrics.data?.value ?? new Uint8Array()).pids?.current, 3n);
    }),
  );

  it(
    "names its platform as containerd does",
    withSubject(async (s) => {
      const { platform } = await s.sandbox.platform(ref);
      assert.equal(platform?.os, "linux");
      assert.match(platform?.architecture ?? "", /^(amd64|arm64)$/);
    }),
  );

  it(
    "answers what it cannot do with a code",
    withSubject(async (s) => {
      s.stopped = true;
      await assert.rejects(s.sandbox.sandboxMetrics(ref), { kind: "failed-precondition" });
      await assert.rejects(s.sandbox.pingSandbox(ref), { kind: "failed-precondition" });
    }),
  );

  it(
    "answers within its budget where the VM does not boot",
    withSubject(
      async (s) => {
        s.start = () => new Promise(() => {});
        await assert.rejects(s.sandbox.startSandbox(ref), { kind: "deadline-exceeded" });
      },
      { "/containerd.runtime.sandbox.v1.Sandbox/StartSandbox": 20 },
    ),
  );
});
