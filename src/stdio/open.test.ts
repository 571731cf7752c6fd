import assert from "node:assert/strict";
import { constants, existsSync, mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runtime } from "#runtime";
import { isKind } from "../errors/shim-error.ts";
import { leakedFds, openFds } from "../sys/fd-leaks.ts";
import { close, mkfifo, open, read, write } from "../sys/libc.ts";
import { pattern, Recorder } from "../sys/stream-recorder.ts";
import { openStdio } from "./open.ts";

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
const context = { containerId: "c1", namespace: "ns" };
const none = { terminal: false, stdin: "", stdout: "", stderr: "" };
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** O_NONBLOCK of the open file description. */
const nonBlocking = (fd: number) =>
  (Number.parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "", 8) &
    O_NONBLOCK) !==
  0;

describe("stdio over FIFOs and files", () => {
  let directory = "";
  let serial = 0;
  let fdsBefore = openFds();
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "uvm-stdio-"));
    // What the runtime opens once and keeps is open after the first stream that waited.
    const endpoints = await openStdio({ ...none, stdin: fifo() }, context);
    const recorder = new Recorder(endpoints.stdin?.stream() ?? assert.fail());
    await turn();
    await endpoints.close();
    await recorder.seen("close");
    fdsBefore = openFds();
  });
  after(async () => {
    assert.deepEqual(await leakedFds(fdsBefore), []);
    rmSync(directory, { recursive: true });
  });

  function fifo(): string {
    const path = join(directory, `fifo-${serial++}`);
    mkfifo(path, 0o600);
    return path;
  }

  /** All that is in a FIFO now, or undefined at EOF. */
  function take(fd: number): string | undefined {
    const buffer = new Uint8Array(65536);
    const count = read(fd, buffer);
    return count === 0 ? undefined : Buffer.from(buffer.subarray(0, count ?? 0)).toString();
  }

  it("opens nothing for empty paths", async () => {
    const endpoints = await openStdio(none, context);
    assert.deepEqual([endpoints.stdin, endpoints.stdout, endpoints.stderr], [undefined, undefined, undefined]);
    await endpoints.close();
    await endpoints.close();
  });

  it("gives stdin EOF only after closeInput and the last client writer", async () => {
    const path = fifo();
    const endpoints = await openStdio({ ...none, stdin: path }, context);
    const input = new Recorder(endpoints.stdin?.stream() ?? assert.fail());
    const first = open(path, O_WRONLY | O_NONBLOCK);
    write(first, Buffer.from("one "));
    close(first);
    await input.until(() => input.text() === "one ");
    const probe = open(path, O_RDONLY | O_NONBLOCK);
    assert.equal(read(probe, new Uint8Array(1)), undefined, "no writer would be 0: EOF");
    close(probe);
    const second = open(path, O_WRONLY | O_NONBLOCK);
    write(second, Buffer.from("two"));
    endpoints.stdin?.closeInput();
    endpoints.stdin?.closeInput();
    await input.until(() => input.text() === "one two");
    await turn();
    assert.deepEqual(input.events, ["data"], "the client writes on");
    close(second);
    await input.seen("close");
    assert.deepEqual(input.events, ["data", "end", "close"]);
    await endpoints.close();
  });

  it("keeps what clients wrote before closeInput, for a process that starts later", async () => {
    const path = fifo();
    const endpoints = await openStdio({ ...none, stdin: path }, context);
    const client = open(path, O_WRONLY | O_NONBLOCK);
    write(client, Buffer.from("early"));
    close(client);
    endpoints.stdin?.closeInput();
    const passed = endpoints.stdin?.passFd() ?? -1;
    assert.equal(nonBlocking(passed), false);
    const child = runtime.spawn(["cat"], { stdio: [passed, "pipe", "null"] });
    close(passed);
    const output = new Recorder(child.pipes[1] ?? assert.fail());
    await output.seen("close");
    assert.equal(output.text(), "early");
    assert.deepEqual(await child.exited, { code: 0 });
    await endpoints.close();
  });

  it("passes blocking fds to a process; the reader sees EOF with its end, not with ours", async () => {
    const [outPath, errPath] = [fifo(), fifo()];
    const [outReader, errReader] = [open(outPath, O_RDONLY | O_NONBLOCK), open(errPath, O_RDONLY | O_NONBLOCK)];
    const endpoints = await openStdio({ ...none, stdout: outPath, stderr: errPath }, context);
    const fds = [endpoints.stdout?.passFd() ?? -1, endpoints.stderr?.passFd() ?? -1] as const;
    // A process would fail with EAGAIN on a full FIFO, or find an empty one at its end.
    for (const fd of fds) assert.equal(nonBlocking(fd), false);
    const child = runtime.spawn(["sh", "-c", "echo oops >&2; head -c 300000 /dev/zero"], { stdio: ["null", ...fds] });
    for (const fd of fds) close(fd);
    let got = 0;
    for (; got < 300_000; await turn()) got += take(outReader)?.length ?? 0;
    assert.deepEqual(await child.exited, { code: 0 });
    assert.equal(take(errReader), "oops\n");
    assert.deepEqual([take(outReader), take(errReader)], [undefined, undefined]);
    await endpoints.close();
    assert.throws(
      () => endpoints.stdout?.passFd(),
      (error) => isKind(error, "failed-precondition"),
    );
    close(outReader);
    close(errReader);
  });

  it("neither fails nor loses a byte when the reader goes away and comes back", async () => {
    const path = fifo();
    const endpoints = await openStdio({ ...none, stdout: `fifo://${path}` }, context);
    const output = new Recorder(endpoints.stdout?.stream() ?? assert.fail());
    const whole = pattern(20 << 20);
    const received: Buffer[] = [];
    let got = 0;
    let reader = open(path, O_RDONLY | O_NONBLOCK);
    const buffer = new Uint8Array(65536);
    for (let at = 0; at < whole.length; at += 100_000) {
      let room = output.stream.write(whole.slice(at, at + 100_000));
      while (!room) {
        const drains = output.events.length;
        const count = read(reader, buffer);
        if (count === undefined) {
          close(reader);
          await turn();
          reader = open(path, O_RDONLY | O_NONBLOCK);
        } else {
          received.push(Buffer.from(buffer.slice(0, count)));
          got += count;
        }
        await turn();
        room = output.events.length > drains;
      }
    }
    output.stream.end();
    while (got < whole.length) {
      const count = read(reader, buffer) ?? 0;
      received.push(Buffer.from(buffer.slice(0, count)));
      got += count;
      await turn();
    }
    await output.seen("close");
    assert.equal(output.error, undefined);
    assert.equal(Buffer.compare(Buffer.concat(received), whole), 0);
    await endpoints.close();
    assert.equal(read(reader, buffer), 0);
    close(reader);
  });

  it("keeps the output of a process that ended before its client opened the FIFO", async () => {
    const path = fifo();
    const endpoints = await openStdio({ ...none, stdout: path }, context);
    const fd = endpoints.stdout?.passFd() ?? assert.fail();
    write(fd, Buffer.from("x\n"));
    close(fd);
    const closed = endpoints.close();
    await turn();
    const reader = open(path, O_RDONLY | O_NONBLOCK);
    await closed;
    assert.equal(take(reader), "x\n");
    assert.equal(take(reader), undefined);
    close(reader);
  });

  it("gives up the output of a process whose client never came", async () => {
    const path = fifo();
    const endpoints = await openStdio({ ...none, stdout: path }, context);
    const fd = endpoints.stdout?.passFd() ?? assert.fail();
    write(fd, Buffer.from("x\n"));
    close(fd);
    await endpoints.close();
    const reader = open(path, O_RDONLY | O_NONBLOCK);
    assert.equal(take(reader), undefined);
    close(reader);
  });

  it("shows a client that waits in its open no EOF before the process has begun, and one if it never does", async () => {
    const path = fifo();
    const reader = open(path, O_RDONLY | O_NONBLOCK);
    const endpoints = await openStdio({ ...none, stdout: path }, context);
    assert.equal(take(reader), "");
    const fd = endpoints.stdout?.passFd() ?? assert.fail();
    assert.equal(take(reader), "");
    close(fd);
    assert.equal(take(reader), undefined);
    await endpoints.close();
    close(reader);
  });

  it("opens a FIFO without a reader at once, and goes on when its path is gone", async () => {
    const path = fifo();
    const endpoints = await openStdio({ ...none, stdout: path }, context);
    const reader = open(path, O_RDONLY | O_NONBLOCK);
    unlinkSync(path);
    const passed = endpoints.stdout?.passFd() ?? -1;
    write(passed, Buffer.from("still"));
    close(passed);
    assert.equal(take(reader), "still");
    await endpoints.close();
    close(reader);
  });

  it("writes stdout and stderr of one FIFO to it once, in order", async () => {
    const path = fifo();
    const reader = open(path, O_RDONLY | O_NONBLOCK);
    const endpoints = await openStdio({ ...none, stdout: path, stderr: path }, context);
    const out = new Recorder(endpoints.stdout?.stream() ?? assert.fail());
    const err = new Recorder(endpoints.stderr?.stream() ?? assert.fail());
    out.stream.write(Buffer.from("a"));
    err.stream.write(Buffer.from("b"));
    out.stream.end();
    await out.seen("close");
    assert.equal(take(reader), "ab");
    assert.equal(take(reader), "", "stderr keeps it open");
    err.stream.end();
    await err.seen("close");
    await endpoints.close();
    assert.equal(take(reader), undefined);
    close(reader);
  });

  it("ignores stderr with a terminal", async () => {
    const path = fifo();
    const endpoints = await openStdio({ terminal: true, stdin: "", stdout: path, stderr: "/no/such/fifo" }, context);
    assert.ok(endpoints.stdout);
    assert.equal(endpoints.stderr, undefined);
    await endpoints.close();
  });

  it("appends to a file, made with its directories, shared by both outputs", async () => {
    const path = join(directory, "logs/deep/out.log");
    for (const round of ["1", "2"]) {
      const endpoints = await openStdio({ ...none, stdout: `file://${path}`, stderr: `file://${path}` }, context);
      const passed = endpoints.stdout?.passFd() ?? -1;
      write(passed, Buffer.from(`out ${round}\n`));
      close(passed);
      const err = new Recorder(endpoints.stderr?.stream() ?? assert.fail());
      err.stream.write(Buffer.from(`err ${round}\n`));
      err.stream.end();
      await err.seen("close");
      await endpoints.close();
    }
    assert.equal(readFileSync(path, "utf8"), "out 1\nerr 1\nout 2\nerr 2\n");
    assert.equal(statSync(path).mode & 0o777, 0o644 & ~process.umask());
  });

  it("takes a file or a device in the place of a FIFO, but makes none", async () => {
    const path = join(directory, "plain");
    writeFileSync(path, "input");
    const endpoints = await openStdio({ ...none, stdin: path, stdout: "/dev/null" }, context);
    const input = new Recorder(endpoints.stdin?.stream() ?? assert.fail());
    await input.seen("close");
    assert.equal(input.text(), "input");
    await endpoints.close();
    const absent = join(directory, "absent");
    await assert.rejects(openStdio({ ...none, stdout: absent }, context), (error) => isKind(error, "not-found"));
    assert.equal(existsSync(absent), false);
  });

  it("opens all or nothing", async () => {
    const paths = { ...none, stdin: fifo(), stdout: fifo() };
    for (const [stderr, kind] of [
      [join(directory, "absent"), "not-found"],
      ["ftp:///x", "invalid-argument"],
      [`binary://${join(directory, "no-logger")}`, "not-found"],
    ] as const) {
      const before = openFds().size;
      await assert.rejects(openStdio({ ...paths, stderr }, context), (error) => isKind(error, kind));
      assert.equal(openFds().size, before);
    }
    await assert.rejects(openStdio({ ...none, stdin: "file:///dev/null" }, context), (error) =>
      isKind(error, "invalid-argument"),
    );
  });
});
