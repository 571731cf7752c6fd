// Length: one subject, with its stand-ins, serves all that a container is asked and told.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DeviceStandIn } from "../../../test/compliance/device-stand-in.ts";
import { createRequest, eventLine, execRequest, GuestStandIn } from "../../../test/compliance/guest-stand-in.ts";
import { stateTableSuite, wrongStateSuite } from "../../../test/compliance/state-suite.ts";
import { invalidArgument, kindOf, notFound, unavailable } from "../../errors/shim-error.ts";
import type { Spec } from "../../oci/spec.ts";
import type { VMExit } from "../../vmmanager/lifetime.ts";
import { deferred } from "../deadline.ts";
import { vmDevices } from "../device/devices.ts";
import { podLimits } from "../pod/ports.ts";
import type { CreateTask } from "../tasks.ts";
import { ContainerController } from "./controller.ts";
import { sharesPids } from "./document.ts";
import type { ContainerLimits, ContainerVm } from "./ports.ts";
import { containerStates } from "./state.ts";

const never = (): Promise<never> => new Promise<never>(() => {});
const ownPids = { linux: { namespaces: [{ type: "pid" }] } };

class Subject {
  readonly guest = new GuestStandIn();
  readonly devices = new DeviceStandIn();
  readonly events: string[] = [];
  readonly warnings: string[] = [];
  readonly mounts = new Set<string>();
  readonly cancel = new AbortController();
  spec: Spec = { ociVersion: "1.0.2", root: { path: "rootfs" }, ...ownPids };
  opened = 0;
  vmExit: VMExit = { exitedAt: new Date() };
  readonly container: ContainerController;
  readonly #hung = deferred<never>();

  constructor(limits: Partial<ContainerLimits> = {}, request: Partial<CreateTask> = {}) {
    const fault = async (name: string): Promise<void> => {
      await this.guest.faults[name]?.();
    };
    this.container = new ContainerController({
      request: createRequest("c1", request),
      namespace: "ns",
      stateDirectory: "/state",
      limits: { ...podLimits.container, ...limits },
      ports: {
        loadSpec: () => this.spec,
        rootfs: {
          mount: async (_, target) => {
            await fault("mount");
            this.mounts.add(target);
          },
          unmount: async (target) => {
            await fault("unmount");
            this.mounts.delete(target);
          },
        },
        files: { kindOf: () => "directory", tmpfsSize: () => undefined },
        io: {
          open: async () => {
            await fault("open");
            this.opened += 1;
            const close = async (): Promise<void> => {
              this.opened -= 1;
            };
            return { stdin: undefined, stdout: undefined, stderr: undefined, drained: async () => {}, close };
          },
          relay: () => ({ done: Promise.resolve(), stop() {}, hold: () => new Uint8Array(), release() {} }),
        },
        events: { publish: (event) => this.events.push(eventLine(event)) },
        warn: (message) => this.warnings.push(message),
      },
    });
  }

  vm(): ContainerVm {
    return {
      guest: {
        capabilities: () => this.guest.capabilities(),
        createContainer: (...args) => this.guest.createContainer(args[0]),
        openContainer: (id) => this.guest.openContainer(id),
        openProcess: (id, pid) => this.guest.openProcess(id, pid),
        deleteContainerState: (id) => this.guest.deleteContainerState(id),
        addCombinedLayers: this.devices.addCombinedLayers,
        removeCombinedLayers: this.devices.removeCombinedLayers,
      },
      devices: vmDevices({ uvm: this.devices, guest: this.devices }),
      uvm: {
        stack: "local",
        wait: async () => this.vmExit,
        hostPid: (pid) => pid + 1000,
        guestPath: (path) => path,
        sockets: {
          listen: () => {
            throw new Error("not asked for here");
          },
        },
      },
    };
  }

  create(): Promise<number> {
    return this.container.create(async () => {
      await this.guest.faults.boot?.();
      return this.vm();
    }, this.cancel.signal);
  }

  async created(): Promise<this> {
    await this.create();
    return this;
  }

  async running(): Promise<this> {
    await this.create();
    await this.container.start();
    return this;
  }

  async stopped(status = 0): Promise<this> {
    await this.running();
    this.guest.side("c1").init.resolve(status);
    await this.container.wait("", {});
    return this;
  }

  /** `request` hangs until the end of the test; the state in between is there to be seen. */
  async hang(request: string, method: () => Promise<unknown>): Promise<this> {
    const before = this.guest.log.length;
    this.guest.faults[request] = () => this.#hung.promise;
    method().catch(() => {});
    for (let i = 0; !this.guest.log.slice(before).includes(request); i++) {
      assert.ok(i < 1000, `${request} was never asked for`);
      await Promise.resolve();
    }
    return this;
  }

  nothingLeft(): void {
    assert.deepEqual([...this.mounts], [], "mounts");
    assert.equal(this.opened, 0, "stdio");
    assert.equal(this.guest.containers.size, 0, "containers in the guest");
  }

  state(): string {
    return this.container.state;
  }

  async close(): Promise<void> {
    this.#hung.reject(new Error("the end of the test"));
  }
}

stateTableSuite(containerStates);

wrongStateSuite(
  containerStates,
  {
    creating: async () => {
      const s = new Subject();
      return s.hang("create", () => s.create());
    },
    created: () => new Subject().created(),
    starting: async () => {
      const s = await new Subject().created();
      return s.hang("start", () => s.container.start());
    },
    running: () => new Subject().running(),
    pausing: async () => {
      const s = await new Subject().running();
      return s.hang("freeze", () => s.container.pause());
    },
    paused: async () => {
      const s = await new Subject().running();
      await s.container.pause();
      return s;
    },
    resuming: async () => {
      const s = await new Subject().running();
      await s.container.pause();
      return s.hang("thaw", () => s.container.resume());
    },
    stopping: async () => {
      const s = await new Subject().running();
      s.container.exec(execRequest());
      await s.container.startExec("e1");
      s.guest.side("c1").init.resolve(0);
      while (s.state() !== "stopping") await new Promise(setImmediate);
      return s;
    },
    stopped: () => new Subject().stopped(),
    deleting: async () => {
      const s = await new Subject().stopped();
      return s.hang("delete", () => s.container.delete());
    },
    deleted: async () => {
      const s = await new Subject().stopped();
      await s.container.delete();
      return s;
    },
  },
  {
    start: (s) => s.container.start(),
    exec: async (s) => s.container.exec(execRequest("e9")),
    startExec: async (s) => {
      if (s.container.state === "created") s.container.exec(execRequest("e9"));
      return s.container.startExec(s.container.state === "created" ? "e9" : "e1");
    },
    kill: (s) => s.container.kill("", 15, false),
    pause: (s) => s.container.pause(),
    resume: (s) => s.container.resume(),
    update: (s) => s.container.update("linux", {}),
    stats: (s) => s.container.stats(),
    delete: (s) => s.container.delete(),
  },
  {
    ...Object.fromEntries(
      ["stopping", "stopped", "deleting", "deleted"].flatMap((state) => [
        [`${state}.kill`, "not-found"],
        [`${state}.stats`, "not-found"],
      ]),
    ),
    "deleted.delete": "not-found",
    // There is no exec e1 in these: its id is looked for first.
    ...Object.fromEntries(
      ["starting", "pausing", "paused", "resuming", "stopped", "deleting"].map((s) => [`${s}.startExec`, "not-found"]),
    ),
  },
);

describe("container controller", () => {
  it("lives from create to delete, told in order", async () => {
    const s = await new Subject().running();
    assert.ok(s.mounts.has("/bundles/c1/rootfs"));
    s.guest.side("c1").init.resolve(7);
    assert.equal((await s.container.wait("", {})).status, 7);
    const { pid, exit } = await s.container.delete();
    assert.deepEqual([pid, exit.status], [1100, 7]);
    assert.deepEqual(s.events, ["create c1", "start c1", "exit c1 7", "delete c1 7"]);
    s.nothingLeft();
  });

  it("tells start before exit of an init that dies at once", async () => {
    const s = await new Subject().created();
    s.guest.faults.start = () => s.guest.side("c1").init.resolve(1);
    await s.container.start();
    await s.container.wait("", {});
    assert.deepEqual(s.events, ["create c1", "start c1", "exit c1 1"]);
  });

  it("tells the init's exit last", async () => {
    const s = await new Subject().running();
    for (const id of ["e1", "e2"]) {
      s.container.exec(execRequest(id));
      await s.container.startExec(id);
    }
    const side = s.guest.side("c1");
    side.init.resolve(0);
    while (s.state() !== "stopping") await new Promise(setImmediate);
    assert.equal(s.container.processState("").status, "running");
    side.execs[1]?.resolve(2);
    await s.container.wait("e2", {});
    side.execs[0]?.resolve(1);
    await s.container.wait("", {});
    assert.deepEqual(s.events.slice(2), [
      "exec-added e1",
      "exec-started e1",
      "exec-added e2",
      "exec-started e2",
      "exit e2 2",
      "exit e1 1",
      "exit c1 0",
    ]);
  });

  it("tells that memory ran out before the exit that came of it, and not after", async () => {
    const s = await new Subject().running();
    const { init, outOfMemory } = s.guest.side("c1");
    outOfMemory?.();
    init.resolve(137);
    await s.container.wait("", {});
    outOfMemory?.();
    assert.deepEqual(s.events.slice(-2), ["oom c1", "exit c1 137"]);
  });

  for (const died of [true, false]) {
    it(`tells that memory ran out during its start after that start; the init ${died ? "is gone by then" : "goes on"}`, async () => {
      const s = await new Subject().created();
      const side = s.guest.side("c1");
      s.guest.faults.start = () => {
        side.outOfMemory?.();
        if (died) side.init.resolve(137);
      };
      await s.container.start();
      side.init.resolve(137);
      await s.container.wait("", {});
      assert.deepEqual(s.events, ["create c1", "start c1", "oom c1", "exit c1 137"]);
    });
  }

  for (const died of [true, false]) {
    it(`tells that memory ran out during an exec's start after that start; the exec ${died ? "is gone by then" : "goes on"}`, async () => {
      const s = await new Subject().running();
      const side = s.guest.side("c1");
      s.guest.faults.exec = () => {
        side.outOfMemory?.();
        if (died) setImmediate(() => side.execs[0]?.resolve(137));
      };
      s.container.exec(execRequest("e1"));
      await s.container.startExec("e1");
      side.execs[0]?.resolve(137);
      await s.container.wait("e1", {});
      assert.deepEqual(s.events.slice(2), ["exec-added e1", "exec-started e1", "oom c1", "exit e1 137"]);
    });
  }

  it("tells that memory ran out also where the exec during whose start it did could not be started", async () => {
    const s = await new Subject().running();
    s.guest.faults.exec = () => {
      s.guest.side("c1").outOfMemory?.();
      throw new Error("no memory");
    };
    s.container.exec(execRequest("e1"));
    await assert.rejects(s.container.startExec("e1"), /no memory/);
    assert.deepEqual(s.events.slice(2), ["exec-added e1", "oom c1"]);
  });

  it("does not wait for ever for an exec that outlives the init", async () => {
    const s = await new Subject({ settle: 5 }).running();
    s.container.exec(execRequest());
    await s.container.startExec("e1");
    s.guest.side("c1").init.resolve(0);
    await s.container.wait("", {});
    assert.deepEqual(s.events.slice(4), ["exit e1 255", "exit c1 0"]);
  });

  it("asks no guest for it that can't signal all", async () => {
    const s = new Subject();
    s.spec = { ociVersion: "1.0.2", root: { path: "rootfs" } };
    s.guest.capabilitiesNow = { ...s.guest.capabilitiesNow, signalAllSupported: false };
    await s.running();
    s.guest.side("c1").init.resolve(0);
    await s.container.wait("", {});
    assert.deepEqual([s.guest.log.filter((line) => line.startsWith("signal")), s.warnings], [[], []]);
  });

  it("kills what outlives the init in a shared pid namespace", async () => {
    const s = new Subject();
    s.spec = { ociVersion: "1.0.2", root: { path: "rootfs" }, linux: { namespaces: [{ type: "pid", path: "/x" }] } };
    await s.running();
    s.container.exec(execRequest());
    await s.container.startExec("e1");
    s.guest.side("c1").init.resolve(0);
    await s.container.wait("", {});
    assert.deepEqual(s.events.slice(4), ["exit e1 137", "exit c1 0"]);
    assert.equal(sharesPids({ ociVersion: "1" }), true);
    assert.equal(sharesPids({ ociVersion: "1", ...ownPids }), false);
  });

  it("a failed start of an exec owes no exit", async () => {
    const s = await new Subject().running();
    s.container.exec(execRequest());
    s.guest.faults.exec = () => {
      throw invalidArgument("no such file");
    };
    await assert.rejects(s.container.startExec("e1"), { message: "no such file", kind: "invalid-argument" });
    s.guest.side("c1").init.resolve(0);
    await s.container.wait("", {});
    assert.deepEqual(s.events.slice(2), ["exec-added e1", "exit c1 0"]);
    await s.container.deleteExec("e1");
    assert.equal(s.events.at(-1), "delete e1 255");
  });

  it("an exec that is started twice still owes its one exit", async () => {
    const s = await new Subject().running();
    s.container.exec(execRequest());
    await s.container.startExec("e1");
    await assert.rejects(s.container.startExec("e1"), { kind: "failed-precondition" });
    const side = s.guest.side("c1");
    side.init.resolve(0);
    while (s.state() !== "stopping") await new Promise(setImmediate);
    side.execs[0]?.resolve(4);
    await s.container.wait("", {});
    assert.deepEqual(s.events.slice(4), ["exit e1 4", "exit c1 0"]);
  });

  it("an exec that is started again after its end owes nothing", async () => {
    const s = await new Subject().running();
    s.container.exec(execRequest());
    await s.container.startExec("e1");
    s.guest.side("c1").execs[0]?.resolve(0);
    await s.container.wait("e1", {});
    await assert.rejects(s.container.startExec("e1"), { kind: "failed-precondition" });
    s.guest.side("c1").init.resolve(0);
    await s.container.wait("", {});
    assert.deepEqual(s.warnings, []);
  });

  it("exec ids are used once at a time", async () => {
    const s = await new Subject().running();
    s.container.exec(execRequest());
    assert.throws(() => s.container.exec(execRequest()), { kind: "already-exists" });
    await s.container.deleteExec("e1");
    s.container.exec(execRequest());
    assert.throws(() => s.container.processState("e2"), { kind: "not-found" });
  });

  for (const step of ["boot", "open", "mount", "create"]) {
    it(`a create that fails at ${step} leaves nothing and tells nothing`, async () => {
      const s = new Subject();
      s.guest.faults[step] = () => {
        throw unavailable(`${step} broke`);
      };
      await assert.rejects(s.create(), { message: `${step} broke`, kind: "unavailable" });
      assert.equal(s.state(), "deleted");
      assert.deepEqual(s.events, []);
      s.nothingLeft();
    });

    it(`a create that is cancelled at ${step} leaves nothing and tells nothing`, async () => {
      const s = new Subject();
      s.guest.faults[step] = () => s.cancel.abort();
      await assert.rejects(s.create(), { kind: "canceled" });
      assert.deepEqual(s.events, []);
      s.nothingLeft();
    });
  }

  it("a create whose guest answers too late takes that back too", async () => {
    const s = new Subject({ create: 5 });
    const late = deferred<void>();
    s.guest.faults.create = () => late.promise;
    await assert.rejects(s.create(), { kind: "deadline-exceeded" });
    late.resolve();
    while (s.guest.log.filter((l) => l === "delete").length < 2) await new Promise(setImmediate);
    await new Promise(setImmediate);
    s.nothingLeft();
  });

  it("refuses a spec without a root, and passes on why a spec cannot be read", async () => {
    const s = new Subject();
    s.spec = { ociVersion: "1.0.2" };
    await assert.rejects(s.create(), { kind: "invalid-argument" });
    const missing = new Subject();
    Object.defineProperty(missing, "spec", {
      get: () => {
        throw notFound("bundle has no config.json");
      },
    });
    await assert.rejects(missing.create(), { kind: "not-found", message: "bundle has no config.json" });
  });

  it("mounts nothing where containerd gives no mounts", async () => {
    const s = await new Subject({}, { rootfs: [] }).created();
    assert.equal(s.mounts.size, 0);
  });

  it("stays created after a failed start, and starts when tried again", async () => {
    const s = await new Subject().created();
    s.guest.faults.start = () => {
      throw unavailable("no");
    };
    await assert.rejects(s.container.start(), { message: "no" });
    assert.equal(s.state(), "created");
    delete s.guest.faults.start;
    assert.equal(await s.container.start(), 1100);
    assert.deepEqual(s.events, ["create c1", "start c1"]);
  });

  for (const step of ["unmount", "delete"]) {
    it(`a delete that fails at ${step} goes on there when tried again`, async () => {
      const s = await new Subject().stopped();
      s.guest.faults[step] = () => {
        throw new Error(`${step} broke`);
      };
      await assert.rejects(s.container.delete(), new RegExp(`${step} broke`));
      assert.equal(s.state(), "stopped");
      assert.ok(!s.events.some((e) => e.startsWith("delete")));
      delete s.guest.faults[step];
      await s.container.delete();
      s.nothingLeft();
      assert.equal(s.guest.log.filter((l) => l === "delete").length, step === "delete" ? 2 : 1);
    });
  }

  it("what is already gone counts as released", async () => {
    for (const gone of [notFound("gone"), unavailable("bridge closed")]) {
      const s = await new Subject().stopped();
      s.guest.faults.delete = () => {
        throw gone;
      };
      await s.container.delete();
      assert.equal(s.state(), "deleted");
      assert.equal(s.mounts.size, 0);
    }
  });

  it("deletes one that was never started: its init is killed, and its exit told first", async () => {
    for (const tellsInitPid of [true, false]) {
      const s = new Subject();
      s.guest.tellsInitPid = tellsInitPid;
      await s.created();
      const { exit } = await s.container.delete();
      assert.equal(exit.status, 137);
      assert.deepEqual(s.events, ["create c1", "exit c1 137", "delete c1 137"]);
      s.nothingLeft();
    }
  });

  it("keeps one created whose init cannot be killed for its delete", async () => {
    const s = await new Subject({ request: 5 }).created();
    s.guest.faults["signal 9 all"] = never;
    await assert.rejects(s.container.delete(), { kind: "deadline-exceeded" });
    assert.equal(s.state(), "created");
    delete s.guest.faults["signal 9 all"];
    await s.container.delete();
    s.nothingLeft();
  });

  it("kills a created init, and frees who waits for it", async () => {
    for (const tellsInitPid of [true, false]) {
      const s = new Subject();
      s.guest.tellsInitPid = tellsInitPid;
      await s.created();
      const waiting = s.container.wait("", {});
      await s.container.kill("", 9, false);
      assert.equal((await waiting).status, 137);
      assert.deepEqual(s.events, ["create c1", "exit c1 137"]);
      await assert.rejects(s.container.kill("", 9, false), { kind: "not-found" });
    }
  });

  it("kill: all goes to everyone, with and without the guest's help; 0 only asks", async () => {
    const s = await new Subject().running();
    await s.container.kill("", 0, false);
    assert.ok(!s.guest.log.some((l) => l.startsWith("signal")));
    s.container.exec(execRequest());
    await assert.rejects(s.container.kill("e1", 9, false), (e: Error) => {
      assert.match(e.message, /process not created/);
      return kindOf(e) === "failed-precondition";
    });
    await s.container.startExec("e1");
    s.guest.capabilitiesNow = { ...s.guest.capabilitiesNow, signalAllSupported: false };
    await s.container.kill("", 9, true);
    await s.container.wait("", {});
    assert.deepEqual(s.events.slice(4), ["exit e1 137", "exit c1 137"]);
    await assert.rejects(s.container.kill("e1", 9, false), { kind: "not-found" });
  });

  it("an undelivered signal is not-found", async () => {
    const s = await new Subject().running();
    const killed = s.container.kill("", 15, false);
    s.guest.side("c1").init.resolve(0);
    await assert.rejects(killed, { kind: "not-found", message: /process already finished$/ });
  });

  it("pauses and resumes; a failure goes back to where it was", async () => {
    const s = await new Subject().running();
    for (const [request, method, from] of [
      ["freeze", () => s.container.pause(), "running"],
      ["thaw", () => s.container.resume(), "paused"],
    ] as const) {
      s.guest.faults[request] = () => {
        throw unavailable("no");
      };
      await assert.rejects(method(), { message: "no" });
      assert.equal(s.state(), from);
      delete s.guest.faults[request];
      await method();
    }
    assert.deepEqual(s.events.slice(2), ["paused c1", "resumed c1"]);
  });

  it("pausing without a freezer is unimplemented, and no false OK", async () => {
    const s = await new Subject().running();
    s.guest.capabilitiesNow = { ...s.guest.capabilitiesNow, freezerSupported: false };
    await assert.rejects(s.container.pause(), { kind: "unimplemented" });
    assert.equal(s.state(), "running");
  });

  it("an init may die while paused or pausing", async () => {
    const s = await new Subject().running();
    await s.container.pause();
    s.guest.side("c1").init.resolve(137);
    await s.container.wait("", {});
    assert.equal(s.state(), "stopped");
    const t = await new Subject().running();
    t.guest.faults.freeze = async () => {
      t.guest.side("c1").init.resolve(0);
      await t.container.wait("", {});
    };
    await assert.rejects(t.container.pause(), { kind: "failed-precondition" });
    assert.ok(!t.events.includes("paused c1"));
  });

  it("lists its pids in every state that has a task, even if the guest is silent", async () => {
    const s = await new Subject({ query: 5 }).created();
    assert.deepEqual(await s.container.pids(), [{ pid: 1100 }]);
    await s.container.start();
    s.container.exec(execRequest());
    await s.container.startExec("e1");
    s.guest.faults.pids = never;
    assert.deepEqual(await s.container.pids(), [{ pid: 1100 }, { pid: 1101, execId: "e1" }]);
    await s.container.pause();
    assert.equal((await s.container.pids()).length, 2);
    await s.container.kill("", 9, true);
    await s.container.wait("", {});
    assert.deepEqual(await s.container.pids(), [{ pid: 1100 }]);
  });

  it("tells its state and its execs'", async () => {
    const s = await new Subject().running();
    s.container.exec(execRequest());
    assert.equal(s.container.processState("e1").status, "created");
    await s.container.startExec("e1");
    await s.container.pause();
    assert.equal(s.container.processState("e1").status, "paused");
    const { pid, status, exitStatus, exitedAt } = s.container.processState("");
    assert.deepEqual([pid, status, exitStatus, exitedAt], [1100, "paused", 255, undefined]);
    s.guest.side("c1").execs[0]?.resolve(0);
    await s.container.wait("e1", {});
    assert.equal(s.container.processState("e1").status, "stopped");
  });

  it("loses everything with its VM: execs first, init last, waiters freed, delete works", async () => {
    const s = await new Subject().running();
    s.container.exec(execRequest("e1"));
    s.container.exec(execRequest("e2"));
    await s.container.startExec("e1");
    const waits = ["", "e1", "e2"].map((id) => s.container.wait(id, {}));
    s.guest.closeConnection();
    s.container.lose();
    for (const exit of await Promise.all(waits)) assert.equal(exit.status, 255);
    assert.deepEqual(s.events.slice(5), ["exit e1 255", "exit c1 255"]);
    assert.equal(s.container.processState("").status, "stopped");
    await s.container.delete();
    assert.equal(s.mounts.size, 0);
  });

  for (const first of ["its guest", "its VM"]) {
    it(`is told that memory ran out where this host's OOM killer ended the VM; ${first} is missed first`, async () => {
      const s = await new Subject().running();
      s.vmExit = { exitedAt: new Date(), outOfMemory: true };
      s.container.exec(execRequest("e1"));
      await s.container.startExec("e1");
      const waits = ["", "e1"].map((id) => s.container.wait(id, {}));
      if (first === "its guest") s.guest.closeConnection();
      else s.container.lose(s.vmExit);
      for (const exit of await Promise.all(waits)) assert.equal(exit.status, 137);
      s.container.lose(s.vmExit);
      s.guest.closeConnection();
      assert.deepEqual(s.events.slice(4), ["oom c1", "exit e1 137", "exit c1 137"]);
    });
  }

  it("one that is only created is lost too", async () => {
    const s = await new Subject().created();
    s.guest.closeConnection();
    assert.equal((await s.container.wait("", {})).status, 255);
    await s.container.delete();
    assert.deepEqual(s.events, ["create c1", "exit c1 255", "delete c1 255"]);
  });
});
