import assert from "node:assert/strict";
import { constants, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runtime } from "#runtime";
import { leakedFds, openFds } from "./fd-leaks.ts";
import { close, mkfifo, open, pipe, read, write } from "./libc.ts";
import { socketPair } from "./libc-socket.ts";
import { openPty } from "./pty.ts";
import { pattern, Recorder } from "./stream-recorder.ts";
import { SysError } from "./sys-error.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Whether this process does nothing for 200 ms. What the runtime's own threads compile or collect takes some of these
 * windows; a loop that spins takes all of each.
 */
async function isIdle(): Promise<boolean> {
  for (let window = 0; window < 25; window++) {
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { user, system } = process.cpuUsage(before);
    if (user + system < 40_000) return true;
  }
  return false;
}
const total = 20 << 20;

describe(`adopted fds of ${runtime.name}`, () => {
  let directory = "";
  let fdsBefore = openFds();
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "uvm-adopt-"));
    // The first stream that waits makes the runtime open what it keeps.
    const [reader, writer] = pipe();
    const recorder = new Recorder(runtime.adopt(reader, "pipe", "read"));
    await turn();
    close(writer);
    await recorder.seen("close");
    for (const fd of socketPair()) await destroyed(new Recorder(runtime.adopt(fd, "socket")));
    fdsBefore = openFds();
  });
  after(async () => {
    assert.deepEqual(await leakedFds(fdsBefore), []);
    rmSync(directory, { recursive: true });
  });

  async function destroyed(...recorders: Recorder[]): Promise<void> {
    for (const { stream } of recorders) stream.destroy();
    await Promise.all(recorders.map((recorder) => recorder.seen("close")));
  }

  /** 20 MiB from one stream to another whose reader pauses at every chunk; the first wrong byte's offset, or -1. */
  async function transfer(writer: Recorder, readerStream: ReturnType<typeof runtime.adopt>, size = total) {
    const whole = pattern(size);
    let got = 0;
    let wrong = -1;
    const ended = new Promise<void>((resolve) => {
      readerStream.open({
        data(chunk) {
          if (wrong < 0 && Buffer.compare(chunk, whole.subarray(got, got + chunk.length)) !== 0) wrong = got;
          got += chunk.length;
          readerStream.pause();
          setImmediate(() => readerStream.resume());
          if (got === size) resolve();
        },
        end: () => resolve(),
        drain() {},
        close() {},
      });
    });
    let ahead = 0;
    for (let at = 0; at < size; at += 50_000) {
      const room = writer.stream.write(whole.slice(at, at + 50_000));
      ahead = Math.max(ahead, at - got);
      if (room) continue;
      const events = writer.events.length;
      await writer.until(() => writer.events.length > events);
    }
    return { ended, result: () => ({ got, wrong, bounded: ahead < 2 << 20 }) };
  }

  it("moves 20 MiB through a pipe to a slow reader, then EOF and close on both sides", async () => {
    const [readEnd, writeEnd] = pipe();
    const writer = new Recorder(runtime.adopt(writeEnd, "pipe", "write"));
    const { ended, result } = await transfer(writer, runtime.adopt(readEnd, "pipe", "read"));
    writer.stream.end();
    await Promise.all([ended, writer.seen("close")]);
    assert.deepEqual(result(), { got: total, wrong: -1, bounded: true });
    assert.equal(writer.error, undefined);
  });

  it("reads a FIFO while writers come and go, EOF only after the last", async () => {
    const path = join(directory, "fifo");
    mkfifo(path, 0o600);
    const reader = new Recorder(runtime.adopt(open(path, constants.O_RDONLY | constants.O_NONBLOCK), "pipe", "read"));
    const keep = open(path, constants.O_WRONLY | constants.O_NONBLOCK);
    const client = open(path, constants.O_WRONLY | constants.O_NONBLOCK);
    write(client, Buffer.from("one "));
    close(client);
    await reader.until(() => reader.text() === "one ");
    const again = open(path, constants.O_WRONLY | constants.O_NONBLOCK);
    write(again, Buffer.from("two"));
    await reader.until(() => reader.text() === "one two");
    close(keep);
    await turn();
    assert.deepEqual(reader.events, ["data"]);
    close(again);
    await reader.seen("close");
    assert.deepEqual(reader.events, ["data", "end", "close"]);
    assert.equal(reader.error, undefined);
  });

  it("delivers nothing before open or while paused, and loses nothing", async () => {
    const [readEnd, writeEnd] = pipe();
    const stream = runtime.adopt(readEnd, "pipe", "read");
    write(writeEnd, Buffer.from("early"));
    await turn();
    const reader = new Recorder(stream);
    await reader.until(() => reader.text() === "early");
    stream.pause();
    write(writeEnd, Buffer.from(" late"));
    close(writeEnd);
    for (let i = 0; i < 5; i++) await turn();
    assert.equal(reader.text(), "early");
    stream.resume();
    await reader.seen("close");
    assert.equal(reader.text(), "early late");
  });

  it("says EPIPE when the reader of a pipe is gone", async () => {
    const [readEnd, writeEnd] = pipe();
    const writer = new Recorder(runtime.adopt(writeEnd, "pipe", "write"));
    close(readEnd);
    writer.stream.write(Buffer.from("anybody?"));
    await writer.seen("close");
    assert.ok(writer.error instanceof SysError);
    assert.equal(writer.error.code, "EPIPE");
  });

  it("resumes a blocked writer when the reader reads again", async () => {
    const [readEnd, writeEnd] = pipe({ nonBlocking: true });
    const writer = new Recorder(runtime.adopt(writeEnd, "pipe", "write"));
    assert.equal(writer.stream.write(new Uint8Array(200_000).fill(7)), false);
    await turn();
    assert.deepEqual(writer.events, []);
    const buffer = new Uint8Array(65536);
    let got = read(readEnd, buffer) ?? 0;
    writer.stream.end();
    while (got < 200_000) {
      await turn();
      got += read(readEnd, buffer) ?? 0;
    }
    await writer.seen("close");
    assert.equal(got, 200_000);
    close(readEnd);
  });

  it("reads and writes a pty master; the last slave's close is EOF", async () => {
    const { master, slavePath } = openPty();
    const slave = open(slavePath, constants.O_RDWR | constants.O_NOCTTY);
    const terminal = new Recorder(runtime.adopt(master, "pty"));
    write(slave, Buffer.from("login: "));
    await terminal.until(() => terminal.text() === "login: ");
    terminal.stream.write(Buffer.from("root\n"));
    // Echoed by the line discipline.
    await terminal.until(() => terminal.text() === "login: root\r\n");
    const line = new Uint8Array(16);
    assert.equal(Buffer.from(line.subarray(0, read(slave, line))).toString(), "root\n");
    terminal.stream.end();
    await turn();
    write(slave, Buffer.from("bye"));
    close(slave);
    await terminal.seen("close");
    assert.equal(terminal.text(), "login: root\r\nbye");
    assert.deepEqual(terminal.events, ["data", "end", "close"]);
    assert.equal(terminal.error, undefined);
  });

  it("loses nothing of what a pty's last writer left behind", async () => {
    for (let round = 0; round < 20; round++) {
      const { master, slavePath } = openPty();
      const size = 100_000;
      const slave = open(slavePath, constants.O_RDWR | constants.O_NOCTTY);
      const child = runtime.spawn(["sh", "-c", `stty raw -echo <&3; head -c ${size} /dev/zero >&3`], {
        stdio: ["null", "null", "null", slave],
      });
      close(slave);
      const terminal = new Recorder(runtime.adopt(master, "pty", "read"));
      await Promise.all([terminal.seen("close"), child.exited]);
      assert.equal(terminal.bytes, size);
    }
  });

  it("moves 1 MiB in and out of a raw pty with a slow reader", async () => {
    const { master, slavePath } = openPty();
    const slave = open(slavePath, constants.O_RDWR | constants.O_NOCTTY);
    const child = runtime.spawn(["sh", "-c", "stty raw -echo <&3; echo ready >&3; exec cat <&3 >&3"], {
      stdio: ["null", "null", "null", slave],
    });
    close(slave);
    const size = 1 << 20;
    const whole = pattern(size);
    const terminal = new Recorder(runtime.adopt(master, "pty"));
    await terminal.until(() => terminal.text().includes("ready"));
    const greeting = terminal.bytes;
    let sent = 0;
    while (terminal.bytes - greeting < size) {
      // A window: what is echoed must fit, or both ends would wait for each other.
      while (sent < size && sent - (terminal.bytes - greeting) < 2048) {
        terminal.stream.write(whole.slice(sent, sent + 1024));
        sent += 1024;
      }
      const before = terminal.bytes;
      await terminal.until(() => terminal.bytes > before);
      terminal.stream.pause();
      await turn();
      terminal.stream.resume();
    }
    assert.equal(Buffer.compare(Buffer.concat(terminal.chunks).subarray(greeting), whole), 0);
    child.kill(9);
    await child.exited;
    await terminal.seen("end");
    await destroyed(terminal);
  });

  it("takes files and devices that never make one wait", async () => {
    const path = join(directory, "file");
    const writer = new Recorder(
      runtime.adopt(open(path, constants.O_WRONLY | constants.O_CREAT, 0o600), "pipe", "write"),
    );
    const whole = pattern(300_000);
    writer.stream.write(whole);
    writer.stream.end();
    await writer.seen("close");
    assert.equal(Buffer.compare(readFileSync(path), whole), 0);
    writeFileSync(path, "content");
    const reader = new Recorder(runtime.adopt(open(path, constants.O_RDONLY), "pipe", "read"));
    await reader.seen("close");
    assert.deepEqual([reader.text(), ...reader.events], ["content", "data", "end", "close"]);
    const nothing = new Recorder(runtime.adopt(open("/dev/null", constants.O_RDWR), "pipe", "read"));
    await nothing.seen("close");
    assert.equal(nothing.bytes, 0);
  });

  it("reads and writes what says by SIGIO that input has come, without a thread", async () => {
    const threads = () => readdirSync("/proc/self/task").length;
    const threadsBefore = threads();
    const [left, right] = socketPair().map((fd) => new Recorder(runtime.adopt(fd, "port")));
    assert.ok(left && right);
    assert.ok(await isIdle());
    left.stream.write(Buffer.from("over"));
    await right.until(() => right.text() === "over");
    right.stream.write(Buffer.from("back"));
    await left.until(() => left.text() === "back");
    assert.equal(threads(), threadsBefore);
    await destroyed(left);
    await right.seen("end");
    await destroyed(right);
  });

  it("moves 20 MiB by SIGIO to a slow reader", async () => {
    const [readEnd, writeEnd] = pipe();
    const writer = new Recorder(runtime.adopt(writeEnd, "port", "write"));
    const { ended, result } = await transfer(writer, runtime.adopt(readEnd, "port", "read"));
    writer.stream.end();
    await Promise.all([ended, writer.seen("close")]);
    assert.deepEqual(result(), { got: total, wrong: -1, bounded: true });
  });

  it("adopts sockets", async () => {
    const [left, right] = socketPair().map((fd) => new Recorder(runtime.adopt(fd, "socket")));
    assert.ok(left && right);
    left.stream.write(Buffer.from("over"));
    left.stream.end();
    await right.seen("end");
    right.stream.write(Buffer.from("back"));
    right.stream.end();
    await Promise.all([left.seen("close"), right.seen("close")]);
    assert.deepEqual([right.text(), left.text()], ["over", "back"]);
  });

  it("serves 300 FIFOs at once without a thread each", async () => {
    const threads = () => Number(/Threads:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
    const threadsBefore = threads();
    const streams = Array.from({ length: 300 }, (_, i) => {
      const [readEnd, writeEnd] = pipe();
      return { reader: new Recorder(runtime.adopt(readEnd, "pipe", "read")), writeEnd, word: `fifo ${i}` };
    });
    await turn();
    for (const { writeEnd, word } of streams) write(writeEnd, Buffer.from(word));
    for (const { reader, word } of streams) await reader.until(() => reader.text() === word);
    assert.ok(threads() - threadsBefore < 20, `${threads() - threadsBefore} new threads`);
    for (const { writeEnd } of streams) close(writeEnd);
    await Promise.all(streams.map(({ reader }) => reader.seen("close")));
  });

  it("burns no CPU while streams are idle, paused with data, or paused at a hang-up", async () => {
    const [idleEnd, idleWriter] = pipe();
    const [pausedEnd, pausedWriter] = pipe();
    const [hungEnd, hungWriter] = pipe();
    const recorders = [idleEnd, pausedEnd, hungEnd].map((fd) => new Recorder(runtime.adopt(fd, "pipe", "read")));
    recorders[1]?.stream.pause();
    recorders[2]?.stream.pause();
    write(pausedWriter, Buffer.from("x"));
    close(hungWriter);
    await turn();
    assert.ok(await isIdle());
    await destroyed(...recorders);
    close(idleWriter);
    close(pausedWriter);
  });
});
