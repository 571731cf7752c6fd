import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failedPrecondition, notFound, unavailable } from "../../errors/shim-error.ts";
import type { ExternalProcess, GuestProcess } from "../../guestmanager/guest.ts";
import { MessageIdentifier } from "../../prot/message-identifier.ts";
import type { StdioPaths } from "../../stdio/endpoints.ts";
import type { VmConsole } from "../../vmmanager/console.ts";
import { type Deferred, deferred } from "../deadline.ts";
import { Plan9Controller } from "../device/plan9/controller.ts";
import { DiagnosticsController } from "./controller.ts";
import type { DiagnosedPod, Told } from "./ports.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const rpc = (signal = new AbortController().signal): { signal: AbortSignal } => ({ signal });
const command = { args: ["uname", "-r"], workdir: "/tmp", terminal: false, stdin: "", stdout: "/f/out", stderr: "" };
const share = { hostPath: "/data", uvmPath: "/run/data", readOnly: true };

class Subject {
  readonly log: string[] = [];
  readonly asked: ExternalProcess[] = [];
  readonly opened: StdioPaths[] = [];
  readonly exit: Deferred<number> = deferred();
  readonly faults: Record<string, () => unknown> = {};
  readonly ended = deferred<void>();
  lines: string[] = ["one", "two"];
  tell: (line: string) => void = () => assert.fail("nobody follows");
  awake = 0;
  readonly diagnostics: DiagnosticsController;

  constructor(stack = "qemu", more: Partial<DiagnosedPod> = {}) {
    const step = async (name: string): Promise<void> => {
      this.log.push(name);
      await this.faults[name]?.();
    };
    const process: GuestProcess = {
      ...{
        pid: 7,
        stdin: undefined,
        stdout: undefined,
        stderr: undefined,
        ports: {},
        exitCode: this.exit.promise,
        heldBackMs: 0,
      },
      signal: async (signal) => {
        await step(`signal ${signal}`);
        this.exit.resolve(128 + signal);
        return true;
      },
      resizeConsole: async () => {},
    };
    const guest = {
      createProcess: async (settings: ExternalProcess) => {
        this.asked.push(settings);
        await step("run");
        return process;
      },
      addMappedDirectory: ({ mountPath = "" }) => step(`mount ${mountPath}`),
      removeMappedDirectory: ({ mountPath = "" }) => step(`unmount ${mountPath}`),
    };
    const uvm = {
      addPlan9Share: () => step("add"),
      removePlan9Share: () => step("remove"),
    };
    const plan9 = new Plan9Controller({
      ...{ uvm, guest, nextMountPath: () => assert.fail("a path of its own"), limits: { host: 1000, guest: 1000 } },
    });
    const console: VmConsole = {
      ended: this.ended.promise,
      tail: (count) => this.lines.slice(-count),
      follow: (count, tell) => {
        this.tell = tell;
        return { lines: this.lines.slice(-count), stop: () => void this.log.push("stop following") };
      },
    };
    const pod: DiagnosedPod = {
      ...{ id: "p1", namespace: "ns", stack },
      ports: {
        io: {
          open: async (paths) => {
            this.opened.push(paths);
            const close = async () => void this.log.push("close stdio");
            return { stdin: undefined, stdout: undefined, stderr: undefined, drained: async () => {}, close };
          },
          relay: () => assert.fail("no streams here"),
        },
        warn: (message) => void this.log.push(`warn ${message}`),
      },
      vm: () => ({ guest, devices: { plan9 } }) as unknown as ReturnType<DiagnosedPod["vm"]>,
      console: () => console,
      awake: async (work) => {
        this.awake += 1;
        try {
          return await work();
        } finally {
          this.awake -= 1;
        }
      },
      tasks: () => [],
      ...more,
    };
    this.diagnostics = new DiagnosticsController(pod, { start: 50, signal: 50 });
  }
}

async function items<T>(source: AsyncIterable<Told<T>>): Promise<T[]> {
  const all: T[] = [];
  for await (const { item } of source) all.push(item);
  return all;
}

describe("a process in the VM", () => {
  it("runs with its stdio and directory while the VM is awake, and its exit code comes back", async () => {
    const s = new Subject();
    const running = s.diagnostics.exec(command, rpc());
    await turn();
    assert.equal(s.awake, 1);
    s.exit.resolve(3);
    assert.equal(await running, 3);
    const { stdio: _, ...asked } = s.asked[0] ?? assert.fail("nothing was run");
    assert.deepEqual(asked, { commandArgs: ["uname", "-r"], workingDirectory: "/tmp", emulateConsole: false });
    assert.deepEqual(s.opened, [{ terminal: false, stdin: "", stdout: "/f/out", stderr: "" }]);
    assert.deepEqual([s.log, s.awake], [["run", "close stdio"], 0]);
  });

  it("is killed when its caller leaves, and when the daemon does", async () => {
    for (const leave of ["caller", "daemon"]) {
      const s = new Subject();
      const caller = new AbortController();
      const running = s.diagnostics.exec(command, rpc(caller.signal));
      await turn();
      if (leave === "caller") caller.abort(unavailable("the caller left"));
      else s.diagnostics.close();
      await assert.rejects(running, { kind: "unavailable" });
      assert.equal(await s.exit.promise, 137);
      await turn();
      assert.deepEqual([s.log, s.awake], [["run", "signal 9", "close stdio"], 0]);
    }
  });

  it("is killed too where its caller left before it ran", async () => {
    const s = new Subject();
    const gate = deferred<void>();
    s.faults.run = () => gate.promise;
    const caller = new AbortController();
    const running = s.diagnostics.exec(command, rpc(caller.signal));
    await turn();
    caller.abort();
    await assert.rejects(running, { kind: "canceled" });
    gate.resolve();
    assert.equal(await s.exit.promise, 137);
  });

  it("of a guest that does not answer costs a bounded wait, and does not run later", async () => {
    const s = new Subject();
    const gate = deferred<void>();
    s.faults.run = () => gate.promise;
    await assert.rejects(s.diagnostics.exec(command, rpc()), { kind: "deadline-exceeded" });
    gate.resolve();
    assert.equal(await s.exit.promise, 137);
    assert.equal(s.awake, 0);
  });

  it("whose guest goes with it has no exit code, not even 255", async () => {
    const s = new Subject();
    const running = s.diagnostics.exec(command, rpc());
    await turn();
    s.exit.reject(unavailable("the bridge has ended"));
    await assert.rejects(running, { kind: "unavailable", message: "the bridge has ended" });
    assert.ok(s.log.includes("close stdio"));
  });

  it("is refused without a program, with two outputs of a terminal, and without a VM", async () => {
    const s = new Subject();
    const refused = (more: object) => s.diagnostics.exec({ ...command, ...more }, rpc());
    await assert.rejects(refused({ args: [] }), { kind: "invalid-argument" });
    await assert.rejects(refused({ args: [""] }), { kind: "invalid-argument" });
    await assert.rejects(refused({ terminal: true, stderr: "/f/err" }), { kind: "failed-precondition" });
    const noVm = new Subject("qemu", {
      vm: (verb) => {
        throw failedPrecondition(`the pod has no vm; cannot ${verb}`);
      },
    });
    await assert.rejects(noVm.diagnostics.exec(command, rpc()), { kind: "failed-precondition" });
    assert.deepEqual([s.log, noVm.log], [[], []]);
  });
});

describe("the stack local", () => {
  it("runs nothing and shares nothing: its guest is this host", async () => {
    const s = new Subject("local", { console: () => undefined });
    const refusal = { kind: "unimplemented", message: /on stack local, which has no vm; cannot / };
    await assert.rejects(s.diagnostics.exec(command, rpc()), refusal);
    await assert.rejects(s.diagnostics.share(share, rpc()), refusal);
    await assert.rejects(items(s.diagnostics.console({ lines: 1, follow: false }, rpc())), { kind: "unimplemented" });
    assert.deepEqual([s.log, s.opened], [[], []]);
  });
});

describe("a share with the VM", () => {
  it("is brought once, however often it is asked for", async () => {
    const s = new Subject();
    await s.diagnostics.share(share, rpc());
    await s.diagnostics.share(share, rpc());
    assert.deepEqual(s.log, ["add", "mount /run/data"]);
  });

  it("leaves nothing where it fails, and may be tried again", async () => {
    const s = new Subject();
    s.faults["mount /run/data"] = () => Promise.reject(notFound("no place for it"));
    await assert.rejects(s.diagnostics.share(share, rpc()), { kind: "not-found" });
    assert.deepEqual(s.log, ["add", "mount /run/data", "unmount /run/data", "remove"]);
    delete s.faults["mount /run/data"];
    await s.diagnostics.share(share, rpc());
  });

  it("wants absolute paths", async () => {
    const s = new Subject();
    for (const path of ["", "data", "./data"]) {
      await assert.rejects(s.diagnostics.share({ ...share, hostPath: path }, rpc()), { kind: "invalid-argument" });
      await assert.rejects(s.diagnostics.share({ ...share, uvmPath: path }, rpc()), { kind: "invalid-argument" });
    }
    assert.deepEqual(s.log, []);
  });
});

describe("the console of the VM", () => {
  it("is its last lines, as many as are asked for", async () => {
    const s = new Subject();
    assert.deepEqual(await items(s.diagnostics.console({ lines: 1, follow: false }, rpc())), ["two"]);
    assert.deepEqual(await items(s.diagnostics.console({ lines: 0, follow: false }, rpc())), ["one", "two"]);
  });

  it("is followed until the VM's end", async () => {
    const s = new Subject();
    const lines = items(s.diagnostics.console({ lines: 1, follow: true }, rpc()));
    s.tell("three");
    s.ended.resolve();
    assert.deepEqual(await lines, ["two", "three"]);
    assert.deepEqual(s.log, ["stop following"]);
  });

  it("is followed no longer than its reader or the daemon is there", async () => {
    for (const leave of ["caller", "daemon"]) {
      const s = new Subject();
      const caller = new AbortController();
      const lines = items(s.diagnostics.console({ lines: 1, follow: true }, rpc(caller.signal)));
      await turn();
      if (leave === "caller") caller.abort(unavailable("the caller left"));
      else s.diagnostics.close();
      await assert.rejects(lines, { kind: "unavailable" });
      assert.deepEqual(s.log, ["stop following"]);
    }
  });
});

describe("the bridge's traffic", () => {
  const message = {
    ...{ at: new Date(0), direction: "to-guest" as const, type: MessageIdentifier.computeSystemCreateV1, id: 4n },
    ...{ bytes: 99, body: new TextEncoder().encode('{"env":["A=s3cret"]}') },
  };

  it("is told as it is asked for, and is nobody's business before and after", async () => {
    const s = new Subject();
    const { traffic } = s.diagnostics;
    assert.equal(traffic.active, false);
    const caller = new AbortController();
    const wanted = [
      { bodies: false, secrets: true },
      { bodies: true, secrets: false },
      { bodies: true, secrets: true },
    ].map((each) => s.diagnostics.bridge(each, rpc(caller.signal))[Symbol.asyncIterator]());
    assert.equal(traffic.active, true);
    traffic.message(message);
    const bodies: unknown[] = [];
    for (const each of wanted) {
      const { item } = (await each.next()).value as Told<{ name: string; body?: string; bytes: number }>;
      assert.deepEqual([item.name, item.bytes], ["ComputeSystemCreateV1 (0x10100101)", 99]);
      bodies.push(item.body);
    }
    assert.deepEqual(bodies, [undefined, '{"env":["A=<hidden>"]}', '{"env":["A=s3cret"]}']);
    caller.abort(unavailable("the caller left"));
    assert.equal(traffic.active, false);
    for (const each of wanted) await assert.rejects(each.next(), { kind: "unavailable" });
  });

  it("ends with the daemon, and is not begun for who has left already", async () => {
    const s = new Subject();
    const reading = items(s.diagnostics.bridge({ bodies: false, secrets: false }, rpc()));
    s.diagnostics.close();
    await assert.rejects(reading, { kind: "unavailable" });
    await assert.rejects(items(s.diagnostics.bridge({ bodies: false, secrets: false }, rpc())));
    assert.equal(s.diagnostics.traffic.active, false);
  });
});
