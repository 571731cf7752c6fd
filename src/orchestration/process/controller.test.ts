import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { describe, it } from "node:test";
import { stateTableSuite, wrongStateSuite } from "../../../test/compliance/state-suite.ts";
import { kindOf, unavailable } from "../../errors/shim-error.ts";
import type { GuestProcess, GuestStdioSettings } from "../../guestmanager/guest.ts";
import type { InputEndpoint, StdioEndpoints, StdioPaths } from "../../stdio/endpoints.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { type Deferred, deferred } from "../deadline.ts";
import { ProcessController } from "./controller.ts";
import { type ProcessLimits, processLimits } from "./ports.ts";
import { processStates } from "./state.ts";

const stream = (log: string[], name: string): ByteStream => ({
  open: () => {},
  write: () => true,
  end: () => log.push(`end ${name}`),
  pause: () => {},
  resume: () => {},
  destroy: () => log.push(`destroy ${name}`),
});

interface SubjectOptions {
  paths?: Partial<StdioPaths>;
  handover?: boolean;
  limits?: Partial<ProcessLimits>;
  /** The path whose endpoint gives no stream. */
  broken?: string;
}

/** A process of which guest and stdio are played by the test. */
class Subject {
  readonly log: string[] = [];
  readonly exitCode: Deferred<number> = deferred();
  heldBackMs = 0;
  readonly outputs: Deferred<void>[] = [];
  readonly faults: Record<string, () => Promise<void>> = {};
  readonly process: ProcessController;
  given: GuestStdioSettings | undefined;
  alive = true;

  constructor(options: SubjectOptions = {}) {
    const { log } = this;
    const endpoint = (path: string): InputEndpoint | undefined =>
      path === ""
        ? undefined
        : {
            passFd: () => openSync("/dev/null", "r+"),
            stream: () => {
              if (path === options.broken) throw new Error("EMFILE");
              return stream(log, path);
            },
            closeInput: () => log.push("close input"),
          };
    this.process = new ProcessController({
      id: "p1",
      stdio: { terminal: false, stdin: "in", stdout: "out", stderr: "err", ...options.paths },
      context: { containerId: "c1", namespace: "ns" },
      handover: options.handover ?? false,
      limits: { ...processLimits, ...options.limits },
      lost: async () => 255,
      warn: (message) => log.push(`warn ${message}`),
      io: {
        open: async (paths): Promise<StdioEndpoints> => {
          await this.step("open");
          return {
            stdin: endpoint(paths.stdin),
            stdout: endpoint(paths.stdout),
            stderr: endpoint(paths.stderr),
            drained: async () => this.faults.drained?.(),
            close: () => this.step("close"),
          };
        },
        relay: () => {
          const done = deferred<void>();
          this.outputs.push(done);
          return { done: done.promise, stop: () => done.resolve(), hold: () => new Uint8Array(), release() {} };
        },
      },
      hooks: {
        started: (pid) => log.push(`started ${pid}`),
        beforeExit: () => this.step("before exit"),
        exited: (pid, exit) => log.push(`exited ${pid} ${exit.status}`),
      },
    });
  }

  async step(name: string): Promise<void> {
    this.log.push(name);
    await this.faults[name]?.();
  }

  guestProcess(): GuestProcess {
    return {
      pid: 77,
      stdin: stream(this.log, "guest in"),
      stdout: stream(this.log, "guest out"),
      stderr: stream(this.log, "guest err"),
      ports: {},
      exitCode: this.exitCode.promise,
      heldBackMs: this.heldBackMs,
      signal: async (signal, o) => {
        await this.step(`signal ${signal}${o?.all ? " all" : ""}`);
        return this.alive;
      },
      resizeConsole: (columns, rows) => this.step(`resize ${columns}x${rows}`),
    };
  }

  start(): Promise<number> {
    return this.process.start(async ({ stdio }) => {
      this.given = stdio;
      await this.step("launch");
      return this.guestProcess();
    });
  }

  async started(): Promise<this> {
    await this.start();
    return this;
  }

  async exited(): Promise<this> {
    await this.start();
    this.exitCode.resolve(3);
    this.drained();
    await this.process.wait();
    return this;
  }

  drained(): void {
    for (const output of this.outputs) output.resolve();
  }

  state(): string {
    return this.process.state.name;
  }

  async until(line: string): Promise<void> {
    for (let i = 0; !this.log.includes(line); i++) {
      assert.ok(i < 1000, `${line} never came: ${this.log.join(", ")}`);
      await Promise.resolve();
    }
  }

  async close(): Promise<void> {
    this.drained();
    this.exitCode.resolve(0);
  }
}

stateTableSuite(processStates);

wrongStateSuite(
  processStates,
  {
    created: async () => new Subject(),
    starting: async () => {
      const s = new Subject();
      s.faults.launch = () => s.exitCode.promise.then(() => {});
      s.start().catch(() => {});
      await s.until("launch");
      return s;
    },
    running: () => new Subject().started(),
    exiting: async () => {
      const s = await new Subject().started();
      s.faults["before exit"] = () => new Promise(() => {});
      s.exitCode.resolve(0);
      s.drained();
      await s.until("before exit");
      return s;
    },
    exited: () => new Subject().exited(),
    deleted: async () => {
      const s = new Subject();
      await s.process.delete();
      return s;
    },
  },
  {
    start: (s) => s.start(),
    kill: (s) => s.process.kill(15),
    resize: (s) => s.process.resize(80, 25),
    delete: (s) => s.process.delete(),
  },
  {
    "exiting.kill": "not-found",
    "exited.kill": "not-found",
    "deleted.kill": "not-found",
    "deleted.delete": "not-found",
  },
);

describe("process controller", () => {
  it("lets go of containerd's end when a start fails, as a client reads that to its end, and opens it for the next", async () => {
    const s = new Subject();
    s.faults.launch = () => Promise.reject(unavailable("no such command"));
    await assert.rejects(s.start(), /no such command/);
    assert.deepEqual(s.log, ["open", "launch", "close"]);
    delete s.faults.launch;
    await s.start();
    assert.deepEqual(s.log.slice(3), ["open", "launch", "started 77"]);
    await s.close();
  });

  it("kills what it cannot join to its stdio, and its exit is told still", async () => {
    const s = new Subject({ broken: "err" });
    const died = deferred<number>();
    s.process.made(77, died.promise);
    await assert.rejects(s.start(), /EMFILE/);
    assert.equal(s.state(), "created");
    for (const line of ["signal 9", "destroy guest in", "destroy guest out", "destroy guest err"]) await s.until(line);
    assert.ok(!s.log.includes("started 77"));
    died.resolve(137);
    s.drained();
    assert.equal((await s.process.wait()).status, 137);
  });

  it("tells its start before its exit, even of a process that is dead at once", async () => {
    const s = new Subject();
    s.exitCode.resolve(3);
    const starting = s.start();
    await s.until("started 77");
    s.drained();
    assert.equal(await starting, 77);
    const exit = await s.process.wait();
    assert.equal(exit.status, 3);
    const told = s.log.filter((l) => /^(launch|started|before|exited)/.test(l));
    assert.deepEqual(told, ["launch", "started 77", "before exit", "exited 77 3"]);
    assert.ok(s.log.includes("close"));
  });

  it("answers every waiter, early and late", async () => {
    const s = new Subject();
    const early = Array.from({ length: 50 }, () => s.process.wait());
    await s.exited();
    const all = await Promise.all([...early, s.process.wait()]);
    assert.equal(all.length, 51);
    for (const exit of all) assert.deepEqual(exit, all[0]);
  });

  it("reports the exit only once a logger has read what is in its pipe", async () => {
    const s = await new Subject({ handover: true }).started();
    const read = deferred<void>();
    s.faults.drained = () => read.promise;
    s.exitCode.resolve(0);
    await new Promise(setImmediate);
    assert.equal(s.state(), "exiting");
    read.resolve();
    assert.equal((await s.process.wait()).status, 0);
  });

  it("reports the exit only once the output is drained", async () => {
    const s = await new Subject().started();
    s.exitCode.resolve(0);
    await new Promise(setImmediate);
    assert.equal(s.state(), "exiting");
    assert.equal(s.process.exit, undefined);
    assert.ok(!s.log.includes("close"));
    s.drained();
    assert.equal((await s.process.wait()).status, 0);
    assert.equal(s.state(), "exited");
  });

  it("does not wait for ever for output that never ends", async () => {
    const s = await new Subject({ limits: { drain: 5 } }).started();
    s.exitCode.resolve(0);
    assert.equal((await s.process.wait()).status, 0);
    for (const output of s.outputs) await output.promise;
  });

  it("does not wait again for a reader that its guest has waited for", async () => {
    const s = new Subject({ limits: { drain: 3_600_000 } });
    s.heldBackMs = 3_600_000;
    await s.started();
    s.exitCode.resolve(137);
    assert.equal((await s.process.wait()).status, 137);
    for (const output of s.outputs) await output.promise;
  });

  it("hands fds over whole where it may", async () => {
    const s = await new Subject({ handover: true, paths: { stderr: "" } }).started();
    assert.equal(s.given?.stderr, undefined);
    for (const given of [s.given?.stdin, s.given?.stdout]) {
      assert.equal(given?.kind, "fd");
      if (given?.kind === "fd") closeSync(given.fd);
    }
    assert.equal(s.outputs.length, 0);
    s.exitCode.resolve(0);
    await s.process.wait();
  });

  it("relays a terminal, and ignores its stderr", async () => {
    const s = await new Subject({ handover: true, paths: { terminal: true } }).started();
    assert.deepEqual(s.given, { stdin: { kind: "stream" }, stdout: { kind: "stream" } });
    await s.close();
  });

  it("gives a process without stdin an end at once", async () => {
    const s = await new Subject({ paths: { stdin: "" } }).started();
    assert.ok(s.log.includes("end guest in"));
    await s.close();
  });

  it("keeps a CloseIO and a resize that come before the start", async () => {
    const s = new Subject({ paths: { terminal: true } });
    s.process.closeInput();
    await s.process.resize(80, 25);
    await s.start();
    assert.deepEqual(s.log, ["open", "close input", "launch", "started 77", "resize 80x25"]);
    await s.close();
  });

  it("stays created after a failed start, and starts when tried again", async () => {
    for (const step of ["open", "launch"]) {
      const s = new Subject();
      s.faults[step] = () => Promise.reject(unavailable("no"));
      await assert.rejects(s.start(), { message: "no" });
      assert.equal(s.state(), "created");
      delete s.faults[step];
      assert.equal(await s.start(), 77);
      assert.equal(s.log.filter((l) => l.startsWith("started")).length, 1);
      await s.close();
    }
  });

  it("kills a process that comes after its start was given up", async () => {
    const s = new Subject({ limits: { start: 5 } });
    const late = deferred<void>();
    s.faults.launch = () => late.promise;
    await assert.rejects(s.start(), { kind: "deadline-exceeded" });
    late.resolve();
    await s.until("signal 9");
    assert.equal(s.state(), "created");
  });

  it("an unstarted init that is killed exits without a start", async () => {
    const s = new Subject();
    const init = deferred<number>();
    s.process.made(70, init.promise);
    assert.equal(s.process.pid, 70);
    init.resolve(137);
    assert.equal((await s.process.wait()).status, 137);
    assert.deepEqual(s.log, ["before exit", "exited 70 137"]);
  });

  it("an init that dies in a failing start exits after the failure", async () => {
    const s = new Subject();
    const init = deferred<number>();
    s.process.made(70, init.promise);
    s.faults.launch = async () => {
      init.resolve(1);
      await new Promise(setImmediate);
      throw unavailable("no");
    };
    await assert.rejects(s.start(), { message: "no" });
    assert.equal((await s.process.wait()).status, 1);
    assert.ok(!s.log.some((l) => l.startsWith("started")));
  });

  it("is lost with 255, once, in whatever state", async () => {
    const running = await new Subject({ limits: { drain: 5 } }).started();
    running.process.lose();
    running.exitCode.reject(unavailable("bridge"));
    assert.equal((await running.process.wait()).status, 255);
    const created = new Subject();
    created.process.lose();
    assert.equal((await created.process.wait()).status, 255);
    const starting = new Subject({ limits: { drain: 5 } });
    starting.faults.launch = async () => starting.process.lose();
    await starting.start();
    assert.equal((await starting.process.wait()).status, 255);
    assert.equal(starting.log.filter((l) => l === "exited 77 255").length, 1);
  });

  it("an exit code that cannot be learned is 255", async () => {
    const s = await new Subject().started();
    s.exitCode.reject(unavailable("bridge"));
    s.drained();
    assert.equal((await s.process.wait()).status, 255);
    assert.ok(s.log.includes("warn process p1: its exit code is lost"));
  });

  it("kill: signal 0 only asks, an undelivered one is not-found, a silent guest is given up", async () => {
    const s = await new Subject({ limits: { signal: 5 } }).started();
    await s.process.kill(0);
    assert.ok(!s.log.some((l) => l.startsWith("signal")));
    await s.process.kill(15, true);
    assert.equal(s.log.at(-1), "signal 15 all");
    s.alive = false;
    await assert.rejects(s.process.kill(15), (e: Error) => {
      assert.match(e.message, /process already finished$/);
      return kindOf(e) === "not-found";
    });
    s.faults["signal 9"] = () => new Promise(() => {});
    await assert.rejects(s.process.kill(9), { kind: "deadline-exceeded" });
    await s.close();
  });

  it("delete frees the waiters of a process that never started", async () => {
    const s = new Subject();
    await s.process.open();
    const waiting = s.process.wait();
    assert.deepEqual(await s.process.delete(), { pid: 0, exit: undefined });
    await assert.rejects(waiting, { kind: "not-found" });
    await assert.rejects(s.process.wait(), { kind: "not-found" });
    assert.deepEqual(s.log, ["open", "close"]);
  });

  it("delete answers the exit and closes once", async () => {
    const s = await new Subject().exited();
    const { pid, exit } = await s.process.delete();
    assert.deepEqual([pid, exit?.status], [77, 3]);
    assert.equal(s.log.filter((l) => l === "close").length, 1);
  });
});
