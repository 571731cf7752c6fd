import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { mkfifo } from "../../sys/libc.ts";
import { copyFd } from "../../sys/other-process.ts";
import { takeOver } from "./take-over.ts";

let dir = "";
let answer = 0;
before(() => {
  dir = mkdtempSync(join(tmpdir(), "uvm-take-over-"));
  mkfifo(join(dir, "answer"), 0o600);
  answer = openSync(join(dir, "answer"), constants.O_RDWR | constants.O_NONBLOCK);
});
after(() => {
  closeSync(answer);
  rmSync(dir, { recursive: true });
});

/** A process in the launcher's place, with the FIFO `answer` where the launcher has it, or without. */
async function launcher(answers: number | "ignore", command: readonly string[]) {
  const stdio = ["ignore", "pipe", "ignore", "ignore", "ignore", answers] as const;
  const [file = "", ...args] = [...command, "sh", "-c", "echo; exec sleep 1000"];
  const child = spawn(file, args, { stdio: [...stdio], cwd: dir });
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return {
    pid: child.pid ?? 0,
    async end() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

describe("the taking over of a launcher's start", () => {
  for (const [what, answers, command, message] of [
    ["a process that does not wait for it", "ignore", [], /does not wait for this spare daemon/],
    ["one of another niceness", "fifo", ["nice", "-n", "3"], /niceness is another/],
    ["one with other limits", "fifo", ["prlimit", "--core=17"], /limits is another/],
    ["one with another umask", "fifo", ["sh", "-c", 'umask 0123; exec "$@"', "-"], /credentials is another/],
  ] as const) {
    it(`refuses ${what}, and leaves this process as it is`, async () => {
      const asking = await launcher(answers === "fifo" ? answer : "ignore", command);
      const before = [process.cwd(), JSON.stringify(process.env), readFileSync("/proc/self/fdinfo/0", "utf8")];
      try {
        assert.throws(() => takeOver(asking.pid, answer), { kind: "failed-precondition", message });
      } finally {
        await asking.end();
      }
      assert.deepEqual(
        [process.cwd(), JSON.stringify(process.env), readFileSync("/proc/self/fdinfo/0", "utf8")],
        before,
      );
    });
  }

  it("copies an fd of another process, whatever it is", async () => {
    const asking = await launcher(answer, []);
    const fd = copyFd(asking.pid, 5);
    try {
      const flags = (of: number) => /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${of}`, "utf8"))?.[1];
      const closedOnExec = 0o2000000;
      assert.equal(Number.parseInt(flags(fd) ?? "", 8) & closedOnExec, closedOnExec);
    } finally {
      closeSync(fd);
      await asking.end();
    }
    assert.throws(() => copyFd(asking.pid, 5), { code: "ESRCH" });
  });
});
