import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryStreamPair } from "../transport/memory-stream.ts";
import { GuestConsole, printable } from "./guest-console.ts";
import { VmEndedError } from "./stacks/qemu/vm-end.ts";

const panic = "[    1.5] Kernel panic - not syncing: no init";

function withConsole() {
  const [host, guest] = memoryStreamPair();
  const lines: string[] = [];
  const console = new GuestConsole(host, (line) => lines.push(line));
  const say = async (text: string | Uint8Array): Promise<void> => {
    guest.write(typeof text === "string" ? new TextEncoder().encode(text) : text);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { console, lines, say, guest };
}

describe("the guest's console", () => {
  it("is lines, however they arrive, and the beginning of one more", async () => {
    const { console, lines, say } = withConsole();
    for (const part of ["on", "e\r\ntw", "o\nthr", "\n"]) await say(part);
    await say("unfinished");
    assert.deepEqual(lines, ["one", "two", "thr"]);
    assert.deepEqual(console.tail(2), ["thr", "unfinished"]);
    // A character cut in two.
    await say(Uint8Array.of(0xc3));
    await say(Uint8Array.of(0xa4, 0x0a));
    assert.deepEqual(console.tail(1), ["unfinishedä"]);
  });

  it("is a terminal to who attaches: its bytes as they are, and what is typed", async () => {
    const { console, lines, say, guest } = withConsole();
    const [seen, typed]: [Uint8Array[], Uint8Array[]] = [[], []];
    guest.open({ data: (chunk) => typed.push(chunk), end() {}, drain() {}, close() {} });
    const terminal = console.attach((chunk) => seen.push(chunk));
    await say("\x1b[1mlogin: ");
    terminal.write(new TextEncoder().encode("root\r"));
    await say("root\n");
    terminal.stop();
    await say("after\n");
    assert.equal(Buffer.concat(seen).toString(), "\x1b[1mlogin: root\n");
    assert.equal(Buffer.concat(typed).toString(), "root\r");
    assert.deepEqual(lines, ["login: root", "after"]);
  });

  it("is followed from its last finished lines on, by any number, each until it stops", async () => {
    const { console, say } = withConsole();
    await say("one\ntwo\nthr");
    const [first, second]: [string[], string[]] = [[], []];
    const following = console.follow(1, (line) => first.push(line));
    assert.deepEqual(following.lines, ["two"]);
    await say("ee\n");
    console.follow(100, (line) => second.push(line));
    following.stop();
    await say("four\n");
    assert.deepEqual([first, second], [["three"], ["four"]]);
  });

  it("holds little of whatever a guest writes", async () => {
    const { console, lines, say } = withConsole();
    await say("x".repeat(100_000));
    assert.ok(lines.every((line) => line.length === 512));
    for (let i = 0; i < 2000; i++) await say(`${i}\n`);
    const kept = console.tail(1_000_000);
    assert.ok(kept.length < 401);
    assert.equal(kept.at(-1), "1999");
    await say(`${"y".repeat(512)}\nz\n`);
    assert.deepEqual(console.tail(2), ["y".repeat(512), "z"]);
  });

  it("ends with what the kernel panicked of, and keeps what led there, not the trace", async () => {
    const { console, say } = withConsole();
    await say(`start\nno root\n${panic}\n${"trace\n".repeat(1000)}---[ end Kernel panic - not syncing ]---\n`);
    assert.deepEqual(console.tail(2), ["no root", panic]);
  });

  it("shows control characters as harmless ones", () => {
    assert.equal(printable("a\u001b[31mb\u0007\u0000\u009b\u202ec\td\r"), "ab????c d");
    // SeaBIOS, before the kernel's first line.
    assert.equal(printable("\u001bc\u001b[?7l\u001b[2J\u001b[0m[    0.0] Linux"), "[    0.0] Linux");
    assert.equal(printable("\u001b]0;title\u0007x\u001b]8;;http://a\u001b\\y\u001b(Bz"), "xyz");
    assert.equal(printable("\u001b\u001b[1m[2Jx\u001b["), "?[2Jx?[");
    assert.equal(printable("\ud800 ok"), "? ok");
  });

  it("ends with its QEMU", async () => {
    const { console, guest } = withConsole();
    guest.end();
    await console.ended;
  });
});

describe("the end of a VM that nobody asked for", () => {
  const end = { exit: { code: 0 }, panicked: false, errorOutput: "", console: [] };
  for (const [what, more, message] of [
    [
      "a panic",
      { panicked: true, shutdown: "guest-panic", console: [panic] },
      `the guest's kernel panicked (Kernel panic - not syncing: no init); last on its console: ${panic}`,
    ],
    [
      "a panic without its driver",
      { shutdown: "guest-reset", console: [panic] },
      `the guest's kernel panicked (Kernel panic - not syncing: no init); last on its console: ${panic}`,
    ],
    [
      "a panic after the firmware's words",
      { panicked: true, console: [`Booting from ROM..?c${panic}`] },
      `the guest's kernel panicked (Kernel panic - not syncing: no init); last on its console: Booting from ROM..?c${panic}`,
    ],
    ["a panic without words", { panicked: true }, "the guest's kernel panicked"],
    ["a reset", { shutdown: "guest-reset" }, "the guest reset itself"],
    ["a shutdown", { shutdown: "guest-shutdown" }, "the guest powered itself off"],
    [
      "a kill",
      { exit: { code: 137, signal: 9 } },
      "QEMU was killed (SIGKILL), by the kernel for want of memory or by somebody on this host",
    ],
    [
      "a crash",
      { exit: { code: 134, signal: 6 }, errorOutput: "corrupted list" },
      "QEMU crashed (signal 6): corrupted list",
    ],
    ["an exit", { exit: { code: 1 }, errorOutput: "bad" }, "QEMU exited with code 1: bad"],
    ["a quit", { shutdown: "host-signal" }, "QEMU exited with code 0 (host-signal)"],
    ["last words", { console: ["a", "b"] }, "QEMU exited with code 0; last on its console: a | b"],
  ] as const) {
    it(`is told: ${what}`, () => {
      const error = new VmEndedError("v1", { ...end, ...more });
      assert.equal(error.message, `vm v1 has ended: ${message}`);
      assert.equal(error.kind, "unavailable");
    });
  }
});
