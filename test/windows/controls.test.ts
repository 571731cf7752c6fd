/**
 * Does the rig notice? Each control is one bug, made on purpose in a process of its own, that must not go unseen: by the
 * stand-in, which ends the process or names what leaked, or by the HRESULT of the call.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { koffi, loadNative, systemLibrary } from "../../src/sys/windows/ffi.ts";
import { nativeSignatures } from "../../src/vmmanager/stacks/hcs/computecore/signatures.ts";
import { readLog, StandIn } from "./stand-in.ts";

const path = process.env.UVM_SHIM_COMPUTECORE ?? "";
const document = '{"ShouldTerminateOnLastHandleClosed":true}';

/** computecore.dll, called without our code between, and what its users do right. */
function raw() {
  const calls = loadNative(path, nativeSignatures);
  const operation = () => calls.HcsCreateOperation(null, null);
  const out = () => [null] as unknown[];
  const wait = (op: unknown) => Number(calls.HcsWaitForOperationResult(op, 5000, null)) >>> 0;
  const system = (id = "vm") => {
    const [op, handle] = [operation(), out()];
    assert.equal(calls.HcsCreateComputeSystem(id, document, op, null, handle), 0);
    assert.equal(wait(op), 0);
    calls.HcsCloseOperation(op);
    return handle[0];
  };
  return { calls, operation, out, wait, system };
}

/** An event callback that does `then`; the thread of HCS stands still until our thread has run it. */
function withCallback(system: unknown, then: (event: unknown) => void): bigint {
  const prototype = koffi().proto("__stdcall", "EVENT_CALLBACK_IN_TEST", "void", ["void *", "void *"]);
  const callback = koffi().register(then, koffi().pointer(prototype));
  assert.equal(raw().calls.HcsSetComputeSystemCallback(system, 0, null, callback), 0);
  return callback;
}

/** `then` runs once the callback has returned, should the process live to see that. */
function fireEvent(then: () => void): void {
  const standIn = new StandIn();
  standIn.fireEvent("vm", 4, "{}");
  const look = setInterval(() => {
    if (!standIn.log().some(({ event }) => event !== undefined)) return;
    clearInterval(look);
    then();
  }, 10);
}

interface Control {
  readonly run: () => unknown;
  /** What the process printed, how it ended and what is in its log. */
  readonly caught: (seen: { code: number | null; output: string; bugs: string; left: string }) => boolean;
}

/** By an exception of the processor's, not by an error of JavaScript's (1) or at the time limit (null). */
const crashed: Control["caught"] = ({ code, output }) => code !== null && code >= 0x8000_0000 && output === "";
const hresult = (name: string, value: number, run: () => unknown): [string, Control] => [
  name,
  {
    run: () => process.stdout.write(`0x${(Number(run()) >>> 0).toString(16)}`),
    caught: ({ output }) => output.includes(`0x${value.toString(16)}`),
  },
];
const ends = (name: string, bug: RegExp, run: () => unknown): [string, Control] => [
  name,
  { run, caught: ({ code, bugs }) => code === 99 && bug.test(bugs) },
];
const leaks = (name: string, left: string, run: () => unknown): [string, Control] => [
  name,
  { run, caught: ({ code, left: seen }) => code === 0 && seen === left },
];

const controls = new Map<string, Control>([
  ends("a system closed on the thread that its events wait for", /HcsCloseComputeSystem: deadlock/, () => {
    const { calls, system } = raw();
    const handle = system();
    withCallback(handle, () => {});
    new StandIn().deadlockAfter(500);
    new StandIn().fireEvent("vm", 1, "{}");
    calls.HcsCloseComputeSystem(handle);
  }),
  ends("an operation used after its close", /HcsStartComputeSystem: a closed handle/, () => {
    const { calls, operation, system } = raw();
    const [handle, op] = [system(), operation()];
    calls.HcsCloseOperation(op);
    calls.HcsStartComputeSystem(handle, op, null);
  }),
  ends("an operation closed while it is pending", /HcsCloseOperation: the operation is pending/, () => {
    const { calls, operation, system } = raw();
    const [handle, op] = [system(), operation()];
    new StandIn().answerNext("HcsStartComputeSystem", { delayMs: 1000 });
    calls.HcsStartComputeSystem(handle, op, null);
    calls.HcsCloseOperation(op);
  }),
  ends("a system closed while its operation is pending", /HcsCloseComputeSystem: an operation of the system/, () => {
    const { calls, operation, system } = raw();
    const handle = system();
    new StandIn().answerNext("HcsStartComputeSystem", { delayMs: 1000 });
    calls.HcsStartComputeSystem(handle, operation(), null);
    calls.HcsCloseComputeSystem(handle);
  }),
  ends("a system closed twice", /HcsCloseComputeSystem: a closed handle/, () => {
    const { calls, system } = raw();
    const handle = system();
    calls.HcsCloseComputeSystem(handle);
    calls.HcsCloseComputeSystem(handle);
  }),
  ends("handles in the wrong order", /HcsStartComputeSystem: the other kind of handle/, () => {
    const { calls, operation, system } = raw();
    calls.HcsStartComputeSystem(operation(), system(), null);
  }),
  ends("no operation", /HcsStartComputeSystem: no handle/, () => {
    const { calls, system } = raw();
    calls.HcsStartComputeSystem(system(), null, null);
  }),
  hresult("a narrow string in place of UTF-16", 0x8037_010d, () => {
    const { operation, out } = raw();
    const narrow = loadNative(path, {
      HcsCreateComputeSystem: ["int32", "str16", "str", "void *", "void *", "_Out_ void **"] as never,
    }).HcsCreateComputeSystem;
    return narrow("vm", document, operation(), null, out());
  }),
  hresult("a security descriptor", 0x8007_0057, () => {
    const { calls, operation, out } = raw();
    return calls.HcsCreateComputeSystem("vm", document, operation(), Buffer.alloc(64), out());
  }),
  hresult("options for a start, which takes none", 0x8007_0057, () => {
    const { calls, operation, system } = raw();
    return calls.HcsStartComputeSystem(system(), operation(), "{}");
  }),
  hresult("an operation used again", 0x8037_0116, () => {
    const { calls, operation, wait, system } = raw();
    const [handle, op] = [system(), operation()];
    calls.HcsStartComputeSystem(handle, op, null);
    wait(op);
    return calls.HcsPauseComputeSystem(handle, op, null);
  }),
  leaks("an operation never closed", "0 systems, 1 operations, 0 documents", () => {
    raw().operation();
  }),
  leaks("a system never closed", "1 systems, 0 operations, 0 documents", () => {
    raw().system();
  }),
  leaks("a string never freed", "0 systems, 0 operations, 1 documents", () => {
    const { calls, out } = raw();
    calls.HcsGetServiceProperties(null, out());
  }),
  [
    "an event kept after its callback returned",
    {
      run: () => {
        const handle = raw().system();
        let kept: unknown;
        withCallback(handle, (event) => {
          kept = event;
        });
        fireEvent(() => {
          koffi().decode(kept, "int32");
          process.stdout.write("read it");
        });
      },
      caught: crashed,
    },
  ],
  [
    "a callback taken back while its handle is open",
    {
      run: () => {
        const handle = raw().system();
        koffi().unregister(withCallback(handle, () => {}));
        fireEvent(() => process.stdout.write("lives on"));
      },
      caught: crashed,
    },
  ],
]);

const good: Control = {
  run: () => {
    const { calls, operation, out, wait, system } = raw();
    const handle = system();
    const op = operation();
    assert.equal(calls.HcsStartComputeSystem(handle, op, null), 0);
    assert.equal(wait(op), 0);
    calls.HcsCloseOperation(op);
    const reply = out();
    calls.HcsGetServiceProperties(null, reply);
    loadNative(systemLibrary("kernel32.dll"), { LocalFree: ["void *", "void *"] }).LocalFree(reply[0]);
    calls.HcsCloseComputeSystem.async(handle, () => process.stdout.write("closed"));
  },
  caught: ({ code, output, bugs, left }) =>
    !(code === 0 && output === "closed" && bugs === "" && left === "0 systems, 0 operations, 0 documents"),
};

async function play(name: string, { caught }: Control): Promise<{ caught: boolean; seen: string }> {
  const log = join(process.env.UVM_TEST_DIRECTORY ?? "", `${name.replaceAll(" ", "-")}.jsonl`);
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), "control", name], {
    env: { ...process.env, UVM_STAND_IN_LOG: log },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  const [output, errors, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((ended, failed) => child.on("error", failed).on("exit", ended)),
  ]);
  const entries = readLog(log);
  const bugs = entries.map(({ bug }) => bug ?? "").join("");
  const left = entries.map(({ detach }) => detach ?? "").join("");
  const seen = { code, output, bugs, left };
  return { caught: caught(seen), seen: JSON.stringify({ ...seen, errors }) };
}

if (process.argv[2] === "control") {
  const name = process.argv[3] ?? "";
  (name === "none" ? good : controls.get(name))?.run();
} else {
  describe("controls", { concurrency: 4 }, () => {
    it("who makes no mistake is not caught", async () => {
      const { caught, seen } = await play("none", good);
      assert.ok(!caught, seen);
    });
    for (const [name, control] of controls) {
      it(`negative control, caught: ${name}`, async () => {
        const { caught, seen } = await play(name, control);
        assert.ok(caught, seen);
      });
    }
  });
}
