import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRequest, eventLine, execRequest, GuestStandIn } from "../../../test/compliance/guest-stand-in.ts";
import { notFound, unavailable } from "../../errors/shim-error.ts";
import type { LinuxGuest } from "../../guestmanager/create-guest.ts";
import type { Spec } from "../../oci/spec.ts";
import type { VMExit } from "../../vmmanager/lifetime.ts";
import type { PropertyManager } from "../../vmmanager/properties.ts";
import type { DeviceManagers, UtilityVM, UvmOptions } from "../../vmmanager/uvm.ts";
import { type Deferred, deferred } from "../deadline.ts";
import type { TaskEvent } from "../events.ts";
import { PodNetwork } from "../network/pod-network.ts";
import { PodController } from "./controller.ts";
import { type PodLimits, podLimits } from "./ports.ts";

const never = (): Promise<never> => new Promise<never>(() => {});
const rpc = (signal = new AbortController().signal): { signal: AbortSignal } => ({ signal });
const init = (id = "c1"): { id: string; execId: string } => ({ id, execId: "" });
const exec = (execId = "e1", id = "c1"): { id: string; execId: string } => ({ id, execId });

interface Vm {
  readonly options: UvmOptions;
  readonly guest: GuestStandIn;
  readonly exit: Deferred<VMExit>;
}

class Subject {
  readonly pod: PodController;
  readonly events: TaskEvent[] = [];
  readonly warnings: string[] = [];
  readonly vms: Vm[] = [];
  readonly mounts = new Set<string>();
  /** Steps of each VM's life and of its guest; also those of VMs to come. */
  readonly faults: Record<string, () => unknown> = {};
  idles = 0;
  sizings = 0;
  leaving = false;
  /** What is done on this host for a guest that is another machine. */
  readonly hostSteps: string[] = [];

  constructor(limits: Partial<PodLimits> = {}, spec: Partial<Spec> = {}) {
    const step = async (name: string): Promise<void> => {
      this.hostSteps.push(name);
      await this.faults[name]?.();
    };
    this.pod = new PodController({
      id: "p1",
      namespace: "ns",
      stateDirectory: "/state",
      limits,
      runc: { binary: "runc", root: "/run/r" },
      host: { runHook: ({ path }, { status, pid, bundle }) => step(`${path} ${status} ${pid} ${bundle}`) },
      network: (pod) =>
        new PodNetwork({
          ...pod,
          host: {
            ...{ identify: (path: string) => path, links: async () => [], joinTap: never, leaveTap: never },
            makeNamespace: (path) => void this.hostSteps.push(`make ${path}`),
            removeNamespace: (path) => void this.hostSteps.push(`remove ${path}`),
          },
        }),
      sizing: ({ annotations }) => {
        this.sizings += 1;
        return { ...{ processors: 1, maxProcessors: 1, maxMemoryMiB: 512 }, memoryMiB: Number(annotations?.memory) };
      },
      leaving: () => this.leaving,
      stack: {
        name: "local",
        create: async (options) => {
          await this.faults.vm?.();
          const vm: Vm = { options, guest: new GuestStandIn(), exit: deferred() };
          Object.assign(vm.guest.faults, this.faults);
          this.vms.push(vm);
          return this.#uvm(vm);
        },
        restore: never,
      },
      createGuest: () => this.guest as unknown as LinuxGuest,
      onIdle: () => {
        this.idles += 1;
      },
      ports: {
        loadSpec: (bundle) => {
          if (bundle.endsWith("missing")) throw notFound(`bundle ${bundle} has no config.json`);
          const linux = { namespaces: [{ type: "pid" }], cgroupsPath: "/ns/c1" };
          return { ociVersion: "1.0.2", root: { path: "rootfs" }, annotations: { memory: "256" }, linux, ...spec };
        },
        rootfs: {
          mount: async (_, target) => {
            this.mounts.add(target);
          },
          unmount: async (target) => {
            this.mounts.delete(target);
          },
        },
        files: { kindOf: () => "directory", tmpfsSize: () => undefined },
        io: {
          open: async () => ({
            ...{ stdin: undefined, stdout: undefined, stderr: undefined },
            ...{ drained: async () => {}, close: async () => {} },
          }),
          relay: () => ({ done: Promise.resolve(), stop() {}, hold: () => new Uint8Array(), release() {} }),
        },
        events: { publish: (event) => this.events.push(event) },
        warn: (message) => this.warnings.push(message),
      },
    });
  }

  #uvm({ guest, exit, options }: Vm): UtilityVM {
    const life: Omit<UtilityVM, keyof DeviceManagers | keyof PropertyManager> = {
      id: options.id,
      stack: "local",
      restored: [],
      os: "linux",
      sockets: {
        listen: () => {
          throw new Error("not asked for here");
        },
      },
      supported: () => false,
      hostPid: (pid) => pid,
      guestPath: (path) => path,
      start: () => guest.request("boot"),
      pause: never,
      resume: never,
      save: never,
      terminate: async () => {
        await this.faults.terminate?.();
        guest.log.push("terminate");
        exit.resolve({ exitedAt: new Date() });
      },
      wait: () => exit.promise,
      close: async () => {
        guest.log.push("close");
      },
    };
    return life as UtilityVM;
  }

  get vm(): Vm {
    const vm = this.vms.at(-1);
    assert.ok(vm, "no vm was created");
    return vm;
  }

  get guest(): GuestStandIn {
    return this.vm.guest;
  }

  lines(): string[] {
    return this.events.map(eventLine);
  }

  async running(...ids: string[]): Promise<this> {
    for (const id of ids.length > 0 ? ids : ["c1"]) {
      await this.pod.create(createRequest(id), rpc());
      await this.pod.start(init(id), rpc());
    }
    return this;
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    for (let i = 0; !holds(); i++) {
      assert.ok(i < 1000, `never came: ${what}`);
      await new Promise(setImmediate);
    }
  }

  nothingLeft(): void {
    assert.equal(this.pod.busy(), false);
    assert.deepEqual([...this.mounts], []);
    // One that came too late for its create is only closed, which ends it too.
    for (const { guest } of this.vms) assert.ok(guest.log.includes("terminate") || guest.log.includes("close"));
  }
}

describe("pod controller", () => {
  it("boots with its first container and ends with its last, and may begin again", async () => {
    const s = await new Subject().running("c1", "c2");
    assert.equal(s.vms.length, 1);
    assert.deepEqual(s.guest.log.slice(0, 3), ["prepare", "boot", "connect"]);
    for (const id of ["c1", "c2"]) {
      await s.pod.kill(init(id), 9, false, rpc());
      assert.equal((await s.pod.wait(init(id), rpc())).exitStatus, 137);
      assert.equal(s.pod.busy(), true);
      await s.pod.delete(init(id), rpc());
    }
    s.nothingLeft();
    assert.equal(s.idles, 1);
    await s.running("c1");
    assert.equal(s.vms.length, 2);
  });

  it("boots once for containers created at the same time, and passes runc's settings on", async () => {
    const s = new Subject();
    const options = { binaryName: "/bin/crun", systemdCgroup: true, noPivotRoot: true, noNewKeyring: true };
    await Promise.all(["c1", "c2", "c3"].map((id) => s.pod.create(createRequest(id, { options }), rpc())));
    assert.equal(s.vms.length, 1);
    const flags = { systemdCgroup: true, noPivotRoot: true, noNewKeyring: true };
    assert.deepEqual(s.vm.options.runc, { binary: "/bin/crun", root: "/run/r", ...flags });
  });

  it("sizes the VM, and names its cgroup, by the first container alone", async () => {
    const s = await new Subject().running("c1");
    await s.running("c2");
    assert.deepEqual([s.sizings, s.vm.options.sizing?.memoryMiB, s.vm.options.cgroup], [1, 256, "/ns/c1"]);
  });

  const hooks = { createRuntime: [{ path: "/cni" }], poststart: [{ path: "/up" }], poststop: [{ path: "/down" }] };
  const linux = { namespaces: [{ type: "network" }] };

  it("makes the private network namespace of a VM, and runs the host's hooks in its time", async () => {
    const s = await new Subject({}, { hooks, linux }).running("c1");
    assert.equal(s.vm.options.networkNamespace, "/state/netns");
    const { taskPid } = s.pod.connect("c1");
    await s.pod.kill(init("c1"), 9, true, rpc());
    await s.pod.wait(init("c1"), rpc());
    await s.pod.delete(init("c1"), rpc());
    assert.deepEqual(s.hostSteps, [
      "remove /state/netns",
      "make /state/netns",
      "/cni created 0 /bundles/c1",
      `/up running ${taskPid} /bundles/c1`,
      "remove /state/netns",
      "/down stopped 0 /bundles/c1",
    ]);
    assert.ok(s.guest.log.includes("close"));
  });

  it("takes a create back whose hook fails, and runs the hooks of its end", async () => {
    const s = new Subject({}, { hooks, linux });
    s.faults["/cni created 0 /bundles/c1"] = () => Promise.reject(new Error("no address left"));
    await assert.rejects(s.running("c1"), /no address left/);
    assert.deepEqual(s.hostSteps.slice(-2), ["remove /state/netns", "/down stopped 0 /bundles/c1"]);
    assert.deepEqual([s.pod.busy(), s.guest.log.includes("close")], [false, true]);
  });

  it("tells a container's whole life in order", async () => {
    const s = await new Subject().running();
    await s.pod.exec(execRequest());
    await s.pod.start(exec(), rpc());
    s.guest.side("c1").execs[0]?.resolve(3);
    await s.pod.wait(exec(), rpc());
    await s.pod.delete(exec(), rpc());
    await s.pod.pause("c1", rpc());
    await s.pod.resume("c1", rpc());
    s.guest.side("c1").init.resolve(0);
    await s.pod.wait(init(), rpc());
    await s.pod.delete(init(), rpc());
    assert.deepEqual(s.lines(), [
      "create c1",
      "start c1",
      "exec-added e1",
      "exec-started e1",
      "exit e1 3",
      "delete e1 3",
      "paused c1",
      "resumed c1",
      "exit c1 0",
      "delete c1 0",
    ]);
    const exit = s.events.find((event) => event.topic === "/tasks/exit" && event.id === "c1");
    assert.ok(exit && "containerId" in exit && exit.containerId === "c1");
  });

  it("answers not-found for an unknown id, but connect never fails", async () => {
    const s = await new Subject().running();
    const unknown = [
      () => s.pod.start(init("x"), rpc()),
      async () => s.pod.state(init("x")),
      () => s.pod.delete(init("x"), rpc()),
      () => s.pod.pids("x", rpc()),
      () => s.pod.pause("x", rpc()),
      () => s.pod.resume("x", rpc()),
      () => s.pod.checkpoint("x", { path: "/image", exit: false }, rpc()),
      () => s.pod.kill(init("x"), 9, false, rpc()),
      () => s.pod.exec(execRequest("e1", "x")),
      () => s.pod.resizePty(init("x"), 1, 1, rpc()),
      () => s.pod.closeIO(init("x")),
      () => s.pod.update("x", {}, {}, rpc()),
      () => s.pod.wait(init("x"), rpc()),
      () => s.pod.stats("x", rpc()),
      () => s.pod.start(exec("x"), rpc()),
      async () => s.pod.state(exec("x")),
      () => s.pod.delete(exec("x"), rpc()),
      () => s.pod.kill(exec("x"), 9, false, rpc()),
      () => s.pod.wait(exec("x"), rpc()),
    ];
    for (const call of unknown) await assert.rejects(call(), { kind: "not-found" });
    assert.deepEqual(s.pod.connect("x"), { taskPid: 0 });
    assert.deepEqual(s.pod.connect("c1"), { taskPid: 100 });
  });

  it("refuses duplicates without disturbing the first", async () => {
    const s = await new Subject().running();
    await assert.rejects(s.pod.create(createRequest(), rpc()), { kind: "already-exists" });
    assert.equal(s.pod.state(init()).status, "running");
    await s.pod.exec(execRequest());
    await assert.rejects(s.pod.exec(execRequest()), { kind: "already-exists" });
  });

  it("refuses ids that are no names, signals that are none, checkpoints and restores", async () => {
    const s = await new Subject().running();
    for (const id of ["", "..", "a/b", "-a", "a b", "x".repeat(77)]) {
      await assert.rejects(s.pod.create(createRequest(id), rpc()), { kind: "invalid-argument" });
      await assert.rejects(s.pod.exec(execRequest(id)), { kind: "invalid-argument" });
    }
    for (const signal of [-1, 65, 1.5]) {
      await assert.rejects(s.pod.kill(init(), signal, false, rpc()), { kind: "invalid-argument" });
    }
    await assert.rejects(s.pod.checkpoint("c1", { path: "/image", exit: false }, rpc()), { kind: "unimplemented" });
    const restore = createRequest("c2", { checkpoint: "/image" });
    await assert.rejects(s.pod.create(restore, rpc()), { kind: "unimplemented" });
    assert.equal(s.vms.length, 1);
  });

  it("is kept by a sandbox, from before its first container until after its last", async () => {
    const s = new Subject();
    const sandbox = { id: "pod", bundle: "/b/missing", networkNamespace: "", annotations: { memory: "512" } };
    let lost = 0;
    assert.equal((await s.pod.hold(sandbox, () => void lost++)).pid, process.pid);
    assert.equal(s.vm.options.sizing?.memoryMiB, 512);
    await s.pod.create(createRequest("c1"), rpc());
    await assert.rejects(s.pod.checkpoint("c1", { path: "/i", exit: false }, rpc()), /shares its vm with a sandbox/);
    await s.pod.delete(init(), rpc());
    assert.deepEqual([s.vms.length, s.idles, s.pod.busy(), s.vm.guest.log.includes("terminate")], [1, 0, true, false]);
    s.vm.exit.resolve({ exitedAt: new Date() });
    await s.until("the sandbox is told of its VM's end", () => lost === 1);
    await s.pod.letGo();
    assert.deepEqual([s.pod.busy(), s.vm.guest.log.includes("close")], [false, true]);
    await assert.rejects(s.pod.create(createRequest("c1"), rpc()), {
      kind: "failed-precondition",
      message: /the sandbox has ended/,
    });
  });

  it("takes no more creates once the daemon leaves", async () => {
    const s = new Subject();
    s.leaving = true;
    await assert.rejects(s.pod.create(createRequest(), rpc()), { kind: "unavailable" });
    assert.equal(s.pod.busy(), false);
  });

  it("passes on resize, update, statistics and pids", async () => {
    const s = await new Subject().running();
    await s.pod.resizePty(init(), 80, 25, rpc());
    await s.pod.closeIO(init());
    await s.pod.update("c1", {}, {}, rpc());
    assert.deepEqual(await s.pod.stats("c1", rpc()), { v2: {} });
    assert.deepEqual(await s.pod.pids("c1", rpc()), [{ pid: 100 }]);
    assert.deepEqual(s.guest.log.slice(-3), ["update", "stats", "pids"]);
  });

  // nerdctl's logger, started while the task is created, took a Wait that failed otherwise for the container's end.
  it("is not found before its create is committed", async () => {
    const s = new Subject();
    const held = deferred<void>();
    s.faults.create = () => held.promise;
    const creating = s.pod.create(createRequest(), rpc());
    await s.until("the create", () => s.vms.length === 1 && s.guest.log.includes("create"));
    await assert.rejects(s.pod.pids("c1", rpc()), { kind: "not-found" });
    assert.throws(() => s.pod.state(init()), { kind: "not-found" });
    await assert.rejects(s.pod.wait(init(), rpc()), { kind: "not-found" });
    await assert.rejects(s.pod.start(init(), rpc()), { kind: "not-found" });
    assert.equal(s.pod.busy(), true);
    held.resolve();
    await creating;
  });

  for (const step of ["vm", "boot", "connect", "create"]) {
    it(`a first create that fails at ${step} leaves nothing, and the next one works`, async () => {
      const s = new Subject();
      s.faults[step] = () => {
        throw unavailable(`${step} broke`);
      };
      await assert.rejects(s.pod.create(createRequest(), rpc()), { message: `${step} broke` });
      assert.deepEqual(s.events, []);
      s.nothingLeft();
      await assert.rejects(s.pod.wait(init(), rpc()), { kind: "not-found" });
      delete s.faults[step];
      await s.running();
    });

    it(`a create whose caller leaves at ${step} is taken back`, async () => {
      const s = new Subject();
      const caller = new AbortController();
      const held = deferred<void>();
      s.faults[step] = async () => {
        caller.abort();
        await held.promise;
      };
      const creating = s.pod.create(createRequest(), rpc(caller.signal));
      await assert.rejects(creating, { kind: "canceled" });
      assert.equal(s.pod.busy(), true);
      held.resolve();
      await s.until("the end of the roll-back", () => !s.pod.busy());
      assert.deepEqual(s.events, []);
      s.nothingLeft();
    });
  }

  it("a failed create beside a running container leaves that and the VM alone", async () => {
    const s = await new Subject().running();
    const missing = createRequest("c2", { bundle: "/bundles/missing" });
    await assert.rejects(s.pod.create(missing, rpc()), { kind: "not-found" });
    assert.equal(s.pod.state(init()).status, "running");
    assert.ok(!s.guest.log.includes("terminate"));
  });

  it("deletes one that is half created", async () => {
    const s = new Subject();
    const held = deferred<void>();
    s.faults.create = () => held.promise;
    const creating = s.pod.create(createRequest(), rpc());
    creating.catch(() => {});
    await s.until("the create", () => s.vms.length === 1 && s.guest.log.includes("create"));
    const deleting = s.pod.delete(init(), rpc());
    held.resolve();
    assert.equal((await deleting).pid, 0);
    await assert.rejects(creating, { kind: "canceled" });
    assert.deepEqual(s.events, []);
    s.nothingLeft();
  });

  it("serves deletes one at a time; the second finds nothing, or does what the first could not", async () => {
    const s = await new Subject().running();
    await assert.rejects(s.pod.delete(init(), rpc()), { kind: "failed-precondition" });
    s.guest.side("c1").init.resolve(0);
    await s.pod.wait(init(), rpc());
    s.guest.faults.delete = () => {
      delete s.guest.faults.delete;
      throw new Error("busy");
    };
    const [first, second, third] = await Promise.allSettled([1, 2, 3].map(() => s.pod.delete(init(), rpc())));
    assert.equal(first?.status, "rejected");
    assert.equal(second?.status, "fulfilled");
    assert.ok(third?.status === "rejected" && third.reason.kind === "not-found");
    assert.equal(s.lines().filter((line) => line.startsWith("delete")).length, 1);
    s.nothingLeft();
  });

  it("a caller that leaves does not stop what it began", async () => {
    const s = await new Subject().running();
    s.guest.side("c1").init.resolve(0);
    await s.pod.wait(init(), rpc());
    const caller = new AbortController();
    const deleting = s.pod.delete(init(), rpc(caller.signal));
    caller.abort();
    await assert.rejects(deleting, { kind: "canceled" });
    await s.until("the delete", () => !s.pod.busy());
    s.nothingLeft();
  });

  it("a waiter may leave, the others still learn the exit", async () => {
    const s = await new Subject().running();
    const leaver = new AbortController();
    const waits = [
      s.pod.wait(init(), rpc(leaver.signal)),
      ...Array.from({ length: 20 }, () => s.pod.wait(init(), rpc())),
    ];
    leaver.abort();
    s.guest.side("c1").init.resolve(4);
    const [left, ...stayed] = await Promise.allSettled(waits);
    assert.equal(left?.status, "rejected");
    for (const wait of stayed) assert.ok(wait.status === "fulfilled" && wait.value.exitStatus === 4);
  });

  it("a VM that dies takes all with it: execs are told first, waits are freed, delete works", async () => {
    const s = await new Subject().running("c1", "c2");
    await s.pod.exec(execRequest());
    await s.pod.start(exec(), rpc());
    const waits = [init("c1"), init("c2"), exec()].map((ref) => s.pod.wait(ref, rpc()));
    s.vm.exit.resolve({ exitedAt: new Date(), error: new Error("killed") });
    for (const exit of await Promise.all(waits)) assert.equal(exit.exitStatus, 255);
    const exits = s.lines().filter((line) => line.startsWith("exit"));
    assert.deepEqual(exits.toSorted(), ["exit c1 255", "exit c2 255", "exit e1 255"]);
    assert.ok(exits.indexOf("exit e1 255") < exits.indexOf("exit c1 255"));
    assert.equal(s.pod.state(init()).status, "stopped");
    assert.deepEqual(await s.pod.pids("c1", rpc()), [{ pid: 100 }]);
    await assert.rejects(s.pod.create(createRequest("c3"), rpc()), { kind: "failed-precondition" });
    for (const id of ["c1", "c2"]) await s.pod.delete(init(id), rpc());
    assert.equal(s.pod.busy(), false);
    assert.deepEqual([...s.mounts], []);
    await s.running("c3");
  });

  it("a guest that leaves the bridge ends the VM and all in it", async () => {
    const s = await new Subject().running();
    s.guest.closeConnection();
    assert.equal((await s.pod.wait(init(), rpc())).exitStatus, 255);
    await s.pod.delete(init(), rpc());
    s.nothingLeft();
  });

  it("a guest that does not even kill loses its VM", async () => {
    const s = await new Subject({ container: { ...podLimits.container, request: 5 } }).running();
    s.guest.faults["signal 15"] = never;
    s.guest.faults["signal 9"] = never;
    await assert.rejects(s.pod.kill(init(), 15, false, rpc()), { kind: "deadline-exceeded" });
    assert.equal(s.pod.state(init()).status, "running");
    await s.pod.kill(init(), 9, false, rpc());
    assert.equal((await s.pod.wait(init(), rpc())).exitStatus, 255);
    await s.pod.delete(init(), rpc());
    s.nothingLeft();
  });

  it("a VM that does not end is told of, and tried again with the next one", async () => {
    const s = await new Subject().running();
    s.guest.side("c1").init.resolve(0);
    await s.pod.wait(init(), rpc());
    s.faults.terminate = () => {
      throw unavailable("no");
    };
    await s.pod.delete(init(), rpc());
    assert.match(s.warnings.join(), /vm p1 is leaked/);
    delete s.faults.terminate;
    await s.running();
    await s.pod.close();
    s.nothingLeft();
  });

  it("a create that comes while the VM ends waits for that end", async () => {
    const s = await new Subject().running();
    s.guest.side("c1").init.resolve(0);
    await s.pod.wait(init(), rpc());
    const held = deferred<void>();
    s.faults.terminate = () => held.promise;
    const deleting = s.pod.delete(init(), rpc());
    await s.until("the VM's end", () => s.lines().includes("delete c1 0"));
    assert.equal(s.pod.busy(), true);
    const creating = s.pod.create(createRequest(), rpc());
    for (let i = 0; i < 10; i++) await new Promise(setImmediate);
    assert.equal(s.vms.length, 1);
    held.resolve();
    await Promise.all([deleting, creating]);
    assert.equal(s.vms.length, 2);
  });

  it("reports all that it holds, in any state", async () => {
    const s = new Subject();
    const lines = () =>
      s.pod.report().map(({ what, fields }) => `${what} ${fields.process ?? fields.container ?? "-"} ${fields.state}`);
    assert.deepEqual(lines(), ["pod - undefined", "vm - none"]);
    assert.equal(await s.pod.guestStacks(rpc()), undefined);
    await s.running("c1");
    await s.pod.create(createRequest("c2"), rpc());
    await s.pod.exec(execRequest());
    assert.deepEqual(lines(), [
      ...["pod - undefined", "vm - running"],
      ...["container c1 running", "process c1 running", "process e1 created"],
      ...["container c2 created", "process c2 created"],
    ]);
  });

  it("waits for the guest's stacks no longer than it is asked to", async () => {
    const s = await new Subject().running();
    assert.equal(await s.pod.guestStacks(rpc()), "stacks of the stand-in");
    s.guest.faults["dump stacks"] = never;
    const abort = new AbortController();
    const stacks = s.pod.guestStacks(rpc(abort.signal));
    abort.abort();
    await assert.rejects(stacks, { kind: "canceled" });
  });

  it("close ends with its signal, also where neither guest nor VM ever answers", async () => {
    const s = await new Subject({ close: 20, vm: { ...podLimits.vm, terminate: 600_000 } }).running();
    const answer = deferred<void>();
    for (const step of ["signal 9 all", "delete"]) s.guest.faults[step] = () => answer.promise;
    let terminating = false;
    s.faults.terminate = () => {
      terminating = true;
      return answer.promise;
    };
    const abort = new AbortController();
    const closing = s.pod.close({ signal: abort.signal });
    // The first half's time is real.
    while (!terminating) await new Promise((resolve) => setTimeout(resolve, 1));
    abort.abort();
    await closing;
    assert.ok(s.warnings.includes("the vm was not terminated"), String(s.warnings));
    answer.resolve();
    await s.until("the end of all", () => !s.pod.busy());
    s.nothingLeft();
  });

  it("close ends whatever is there", async () => {
    const s = await new Subject().running("c1", "c2");
    await s.pod.create(createRequest("c3"), rpc());
    const held = deferred<void>();
    s.guest.faults.create = () => held.promise;
    const creating = s.pod.create(createRequest("c4"), rpc());
    creating.catch(() => held.resolve());
    await s.until("the create", () => s.guest.log.filter((l) => l === "create").length === 4);
    void s.vm.exit.promise.then(() => held.resolve());
    await s.pod.close();
    s.nothingLeft();
  });
});
