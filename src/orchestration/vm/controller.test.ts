import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stateTableSuite, wrongStateSuite } from "../../../test/compliance/state-suite.ts";
import { kindOf, unavailable } from "../../errors/shim-error.ts";
import type { LinuxGuest } from "../../guestmanager/create-guest.ts";
import type { VMExit } from "../../vmmanager/lifetime.ts";
import type { SecurityPolicy, UtilityVM } from "../../vmmanager/uvm.ts";
import { type Deferred, deferred } from "../deadline.ts";
import { VmController } from "./controller.ts";
import type { VmLimits } from "./ports.ts";
import { vmStates } from "./state.ts";

const never = <T>(): Promise<T> => new Promise<T>(() => {});
const limits: VmLimits = { boot: 30_000, terminate: 30_000, shutdown: 30_000, pause: 30_000, growth: 50, save: 30_000 };

/** A UVM and a guest of which each step can be told to fail or to hang. */
class Host {
  readonly log: string[] = [];
  readonly told: { unixNanoseconds: bigint; entropy: Uint8Array }[] = [];
  readonly faults: Record<string, () => Promise<void>> = {};
  readonly exit: Deferred<VMExit> = deferred();
  readonly gone: Deferred<Error | undefined> = deferred();
  readonly vm: VmController;

  constructor(limit: Partial<VmLimits> = {}, more: Partial<Pick<UtilityVM, "securityPolicy" | "fromTemplate">> = {}) {
    const step = async (name: string): Promise<void> => {
      this.log.push(name);
      await this.faults[name]?.();
    };
    const uvm = {
      start: () => step("start"),
      pause: () => step("pause"),
      resume: () => step("resume"),
      terminate: async () => {
        await step("terminate");
        this.exit.resolve({ exitedAt: new Date(7) });
      },
      wait: () => this.exit.promise,
      close: () => step("close"),
      ...more,
    };
    const guest = {
      addSecurityPolicy: (settings: object) => step(`policy ${Object.values(settings)}`),
      prepareConnection: () => this.log.push("prepare"),
      createConnection: () => step("connect"),
      resumed: (news: { unixNanoseconds: bigint; entropy: Uint8Array }) => {
        this.told.push(news);
        return step("resumed");
      },
      closeConnection: () => {
        this.log.push("disconnect");
        this.gone.resolve(undefined);
      },
      disconnected: this.gone.promise,
      shutdown: async (mode: string) => {
        await step(`shutdown ${mode}`);
        this.exit.resolve({ exitedAt: new Date(9), error: new Error("the guest powered itself off") });
      },
    };
    const ports = {
      createUvm: async () => {
        await step("create");
        return uvm as unknown as UtilityVM;
      },
      createGuest: () => guest as unknown as LinuxGuest,
      warn: (message: string) => this.log.push(`warn ${message}`),
    };
    this.vm = new VmController({ id: "v1", stateDirectory: "/nowhere" }, ports, { ...limits, ...limit });
  }

  async run(): Promise<this> {
    await this.vm.create();
    await this.vm.start();
    return this;
  }

  state(): string {
    return this.vm.state;
  }

  async close(): Promise<void> {
    for (const name of Object.keys(this.faults)) delete this.faults[name];
    this.exit.resolve({ exitedAt: new Date(8) });
    await this.vm.terminate();
  }

  /** Starts `method` with `step` hanging; the state in between is then there to be seen. */
  async hang(step: string, method: () => Promise<void>): Promise<this> {
    const held = deferred<void>();
    this.faults[step] = () => held.promise;
    method().catch(() => {});
    while (!this.log.includes(step)) await Promise.resolve();
    void this.exit.promise.then(() => held.resolve());
    return this;
  }
}

stateTableSuite(vmStates);

wrongStateSuite(
  vmStates,
  {
    "not-created": async () => new Host(),
    creating: async () => {
      const host = new Host();
      return host.hang("create", () => host.vm.create());
    },
    created: async () => {
      const host = new Host();
      await host.vm.create();
      return host;
    },
    starting: async () => {
      const host = new Host();
      await host.vm.create();
      return host.hang("start", () => host.vm.start());
    },
    running: () => new Host().run(),
    pausing: async () => {
      const host = await new Host().run();
      return host.hang("pause", () => host.vm.pause());
    },
    saving: async () => {
      const host = await new Host().run();
      return host.hang("pause", () => host.vm.save(never));
    },
    paused: async () => {
      const host = await new Host().run();
      await host.vm.pause();
      return host;
    },
    resuming: async () => {
      const host = await new Host().run();
      await host.vm.pause();
      return host.hang("resume", () => host.vm.resume());
    },
    invalid: async () => {
      const host = new Host();
      host.faults.start = () => Promise.reject(new Error("no"));
      await host.run().catch(() => {});
      return host;
    },
    terminating: async () => {
      const host = await new Host().run();
      return host.hang("terminate", () => host.vm.terminate());
    },
    terminated: async () => {
      const host = await new Host().run();
      await host.vm.terminate();
      return host;
    },
  },
  {
    create: (h) => h.vm.create(),
    start: (h) => h.vm.start(),
    use: async (h) => h.vm.host("run a container"),
    pause: (h) => h.vm.pause(),
    save: (h) => h.vm.save(async () => {}),
    resume: (h) => h.vm.resume(),
  },
);

describe("vm controller", () => {
  it("arms the bridge before the start and connects after it", async () => {
    const host = await new Host().run();
    assert.deepEqual(host.log, ["create", "prepare", "start", "connect"]);
    assert.equal(host.vm.state, "running");
    await host.vm.terminate();
    assert.deepEqual(host.log.slice(4), ["disconnect", "terminate", "disconnect", "close"]);
    assert.deepEqual(await host.vm.wait(), { exitedAt: new Date(7) });
  });

  it("tells a confidential guest its policy before it is running; one that refuses it never runs", async () => {
    const securityPolicy: SecurityPolicy = { enforcer: "rego", policy: "cA==", reference: "cg==", hashEnvelope: "" };
    const host = await new Host({}, { securityPolicy }).run();
    assert.deepEqual(host.log, ["create", "prepare", "start", "connect", "policy rego,cA==,cg==,"]);
    await host.close();
    const refusing = new Host({}, { securityPolicy });
    refusing.faults["policy rego,cA==,cg==,"] = () => Promise.reject(unavailable("no such enforcer"));
    await assert.rejects(refusing.run(), /no such enforcer/);
    assert.equal(refusing.vm.state, "invalid");
    await refusing.close();
  });

  it("tells a guest of a template the time and randomness of its own before all else; one that can't be told never runs", async () => {
    const [host, other] = [new Host({}, { fromTemplate: true }), new Host({}, { fromTemplate: true })];
    for (const each of [host, other]) {
      await each.run();
      assert.deepEqual(each.log, ["create", "prepare", "start", "connect", "resumed"]);
      await each.close();
    }
    const [first, second] = [...host.told, ...other.told];
    assert.ok(first && second);
    assert.ok(Math.abs(Number(first.unixNanoseconds / 1_000_000n) - Date.now()) < 60_000);
    assert.equal(first.entropy.length, 64);
    assert.notDeepEqual(first.entropy, second.entropy);
    const deaf = new Host({}, { fromTemplate: true });
    deaf.faults.resumed = () => Promise.reject(unavailable("it does not hear"));
    await assert.rejects(deaf.run(), /it does not hear/);
    assert.equal(deaf.vm.state, "invalid");
    await deaf.close();
    const booted = await new Host().run();
    assert.deepEqual(booted.told, []);
    await booted.close();
  });

  for (const step of ["create", "start", "connect"]) {
    it(`a failed ${step} leaves only termination, which gives all back`, async () => {
      const host = new Host();
      host.faults[step] = () => Promise.reject(unavailable(`${step} broke`));
      await assert.rejects(host.run(), { message: `${step} broke`, kind: "unavailable" });
      assert.equal(host.vm.state, "invalid");
      await host.vm.terminate();
      assert.equal(host.vm.state, "terminated");
      assert.equal(host.log.includes("close"), step !== "create");
    });
  }

  it("stops waiting for the guest when the VM dies in its boot", async () => {
    const host = new Host();
    host.faults.connect = async () => {
      host.exit.resolve({ exitedAt: new Date(9), error: new Error("kernel panic") });
      await never();
    };
    await assert.rejects(host.run(), (e: Error) => {
      assert.equal(e.message, "vm v1 ended while it booted: kernel panic");
      assert.equal((e.cause as Error).message, "kernel panic");
      return kindOf(e) === "unavailable";
    });
    assert.equal(host.vm.state, "terminated");
    assert.equal((await host.vm.wait()).error?.message, "kernel panic");
  });

  it("bounds the boot", async () => {
    const host = new Host({ boot: 5 });
    host.faults.connect = never;
    await assert.rejects(host.run(), { kind: "deadline-exceeded" });
    assert.equal(host.vm.state, "invalid");
    await host.close();
  });

  it("ends the guest's connection when the VM dies", async () => {
    const host = await new Host().run();
    host.exit.resolve({ exitedAt: new Date(9), error: new Error("killed") });
    assert.equal((await host.vm.wait()).error?.message, "killed");
    assert.equal(host.vm.state, "terminated");
    assert.equal(host.log.at(-1), "disconnect");
    await host.vm.terminate();
    assert.deepEqual(host.log.slice(-2), ["disconnect", "close"]);
  });

  it("ends the VM when the guest breaks the bridge", async () => {
    const host = await new Host().run();
    host.gone.resolve(new Error("frame of 3 bytes"));
    const exit = await host.vm.wait();
    assert.equal(exit.error?.message, "vm v1: the guest's bridge ended");
    assert.equal(host.vm.state, "terminated");
    await host.close();
  });

  it("terminates once for many callers, and again after a failure", async () => {
    const host = await new Host().run();
    host.faults.terminate = () => Promise.reject(new Error("busy"));
    await assert.rejects(Promise.all([host.vm.terminate(), host.vm.terminate()]), { message: "busy" });
    assert.equal(host.vm.state, "invalid");
    assert.equal(host.log.filter((l) => l === "terminate").length, 1);
    await host.close();
    assert.equal(host.vm.state, "terminated");
  });

  it("bounds the termination", async () => {
    const host = await new Host({ terminate: 5 }).run();
    host.faults.terminate = never;
    await assert.rejects(host.vm.terminate(), { kind: "deadline-exceeded" });
    await host.close();
  });

  it("gives up a boot that is terminated, and closes a UVM that comes too late", async () => {
    const host = new Host();
    const late = deferred<void>();
    host.faults.create = () => late.promise;
    const created = host.vm.create();
    const ended = host.vm.terminate();
    await assert.rejects(created, { kind: "unavailable" });
    late.resolve();
    await ended;
    assert.equal(host.vm.state, "terminated");
    await new Promise(setImmediate);
    assert.equal(host.log.at(-1), "close");
  });

  it("runs on after a pause that comes too late, and runs after such a resume", async () => {
    const host = await new Host({ pause: 5 }).run();
    const late = (): Deferred<void> => {
      const held = deferred<void>();
      host.faults.pause = host.faults.resume = () => held.promise;
      return held;
    };
    const pause = late();
    await assert.rejects(host.vm.pause(), { kind: "deadline-exceeded" });
    const before = host.log.length;
    host.faults.resume = async () => {};
    pause.resolve();
    await new Promise(setImmediate);
    assert.deepEqual([host.state(), host.log.slice(before)], ["running", ["resume"]]);

    host.faults.pause = async () => {};
    await host.vm.pause();
    const resume = late();
    await assert.rejects(host.vm.resume(), { kind: "deadline-exceeded" });
    assert.equal(host.state(), "paused");
    resume.resolve();
    await new Promise(setImmediate);
    assert.equal(host.state(), "running");
    await host.close();
  });

  it("goes back to where it was when pause or resume fails", async () => {
    const host = await new Host().run();
    host.faults.pause = () => Promise.reject(new Error("no"));
    await assert.rejects(host.vm.pause(), { message: "no" });
    assert.equal(host.vm.state, "running");
    delete host.faults.pause;
    await host.vm.pause();
    host.faults.resume = () => Promise.reject(new Error("no"));
    await assert.rejects(host.vm.resume(), { message: "no" });
    assert.equal(host.vm.state, "paused");
    await host.close();
  });

  it("asks a guest that answers to turn itself off, and is ended without it within the limit", async () => {
    const orderly = await new Host().run();
    await orderly.vm.terminate({ graceful: true });
    assert.deepEqual(orderly.log.slice(4, 6), ["shutdown forced", "disconnect"]);
    assert.deepEqual(await orderly.vm.wait(), { exitedAt: new Date(9) });

    const wedged = await new Host({ shutdown: 20 }).run();
    wedged.faults["shutdown forced"] = never;
    await wedged.vm.terminate({ graceful: true });
    assert.deepEqual(wedged.log.slice(4), [
      ...["shutdown forced", "warn vm v1 is terminated without its guest's shutdown"],
      ...["disconnect", "terminate", "disconnect", "close"],
    ]);
  });

  it("stands still while it is saved and after; a failed save lets it go on", async () => {
    const host = await new Host().run();
    await host.vm.save(async () => {
      assert.equal(host.vm.state, "saving");
      host.log.push("written");
    });
    assert.equal(host.vm.state, "paused");
    await host.vm.resume();
    await assert.rejects(
      host.vm.save(() => Promise.reject(new Error("disk full"))),
      { message: "disk full" },
    );
    assert.equal(host.vm.state, "running");
    assert.deepEqual(host.log.slice(4), ["pause", "written", "resume", "resumed", "pause", "resume", "resumed"]);
    host.faults.pause = () => Promise.reject(new Error("no"));
    await assert.rejects(host.vm.save(never), { message: "no" });
    assert.equal(host.vm.state, "running");
    delete host.faults.pause;
    host.faults.resume = () => Promise.reject(new Error("stuck"));
    await assert.rejects(
      host.vm.save(() => Promise.reject(new Error("disk full"))),
      { message: "disk full" },
    );
    assert.equal(host.vm.state, "paused");
    assert.match(host.log.at(-1) ?? "", /^warn vm v1 stays paused/);
    await host.close();
  });

  it("a waiter may leave", async () => {
    const host = await new Host().run();
    const leave = new AbortController();
    const waiting = host.vm.wait({ signal: leave.signal });
    leave.abort();
    await assert.rejects(waiting, { kind: "canceled" });
    await host.close();
  });
});
