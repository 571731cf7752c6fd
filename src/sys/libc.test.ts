import assert from "node:assert/strict";
import { closeSync, constants, mkdtempSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { leakedFds, openFds } from "./fd-leaks.ts";
import {
  close,
  dup,
  mkfifo,
  open,
  pipe,
  read,
  setCloseOnExec,
  setNonBlocking,
  tryLock,
  unlock,
  write,
} from "./libc.ts";
import { acceptUnix, connectUnix, listenUnix, receiveFds, sendFds, socketPair } from "./libc-socket.ts";
import { openConsoleSocket, openPty, setWindowSize, windowSize } from "./pty.ts";
import { SysError } from "./sys-error.ts";

const failsWith = (code: string, syscall: string) => (error: unknown) =>
  error instanceof SysError && error.code === code && error.syscall === syscall;
const text = (bytes: Uint8Array, count: number | undefined) => Buffer.from(bytes.subarray(0, count)).toString();

describe("system calls", () => {
  let directory = "";
  let fdsBefore = openFds();
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "uvm-libc-"));
    // The first call opens the library for good.
    for (const fd of [...pipe(), ...socketPair()]) close(fd);
    fdsBefore = openFds();
  });
  after(async () => {
    assert.deepEqual(await leakedFds(fdsBefore), []);
    rmSync(directory, { recursive: true });
  });

  it("names the errno, the call and the path of a failure", () => {
    const path = join(directory, "none");
    assert.throws(
      () => open(path, constants.O_RDONLY),
      (error) =>
        failsWith("ENOENT", "open")(error) && error instanceof SysError && error.path === path && error.errno === 2,
    );
    assert.throws(() => close(1 << 20), failsWith("EBADF", "close"));
  });

  it("makes a FIFO with the mode asked for whatever the umask", () => {
    const path = join(directory, "fifo");
    mkfifo(path, 0o666);
    assert.equal(statSync(path).isFIFO(), true);
    assert.equal(statSync(path).mode & 0o777, 0o666);
    assert.throws(() => mkfifo(path, 0o600), failsWith("EEXIST", "mkfifo"));
    assert.throws(() => open(path, constants.O_WRONLY | constants.O_NONBLOCK), failsWith("ENXIO", "open"));
  });

  it("tells EAGAIN, EOF and EPIPE of a pipe apart", () => {
    const [reader, writer] = pipe({ nonBlocking: true });
    const buffer = new Uint8Array(16);
    assert.equal(read(reader, buffer), undefined);
    assert.equal(write(writer, Buffer.from("abc")), 3);
    assert.equal(text(buffer, read(reader, buffer)), "abc");
    let filled = 0;
    for (let n = write(writer, new Uint8Array(4096)); n !== undefined; n = write(writer, new Uint8Array(4096)))
      filled += n;
    assert.equal(filled, 65536);
    close(reader);
    assert.throws(() => write(writer, buffer), failsWith("EPIPE", "write"));
    close(writer);
  });

  it("reads 0 at EOF", () => {
    const [reader, writer] = pipe();
    close(writer);
    assert.equal(read(reader, new Uint8Array(1)), 0);
    close(reader);
  });

  it("switches O_NONBLOCK of the description: a dup sees it", () => {
    const [reader, writer] = pipe();
    const twin = dup(reader, 20);
    assert.ok(twin >= 20);
    setNonBlocking(twin, true);
    assert.equal(read(reader, new Uint8Array(1)), undefined);
    setNonBlocking(twin, false);
    write(writer, Buffer.from("x"));
    assert.equal(read(reader, new Uint8Array(1)), 1);
    setCloseOnExec(twin, false);
    for (const fd of [reader, writer, twin]) close(fd);
  });

  it("locks a file once", () => {
    const path = join(directory, "lock");
    const first = open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const second = open(path, constants.O_RDWR);
    assert.equal(tryLock(first), true);
    assert.equal(tryLock(second), false);
    unlock(first);
    assert.equal(tryLock(second), true);
    close(first);
    close(second);
  });

  it("passes fds over a socket", () => {
    const [left, right] = socketPair();
    const [reader, writer] = pipe();
    assert.equal(receiveFds(right), undefined);
    assert.equal(sendFds(left, Buffer.from("here"), [writer]), true);
    close(writer);
    const message = receiveFds(right);
    assert.ok(message);
    assert.equal(Buffer.from(message.bytes).toString(), "here");
    const [received = -1] = message.fds;
    write(received, Buffer.from("through"));
    close(received);
    const buffer = new Uint8Array(16);
    assert.equal(text(buffer, read(reader, buffer)), "through");
    assert.equal(read(reader, buffer), 0);
    close(left);
    assert.equal(receiveFds(right)?.bytes.length, 0);
    close(right);
    close(reader);
  });

  it("refuses more fds than expected, and keeps none", () => {
    const [left, right] = socketPair();
    const before = openFds().size;
    sendFds(left, Buffer.from("x"), [left, left, left, left]);
    assert.throws(() => receiveFds(right, 16, 1), failsWith("EBADMSG", "recvmsg"));
    assert.equal(openFds().size, before);
    close(left);
    close(right);
  });

  it("opens a pty, sizes it, and receives one over a console socket", () => {
    const { master, slavePath } = openPty();
    const slave = open(slavePath, constants.O_RDWR | constants.O_NOCTTY);
    setWindowSize(master, { columns: 132, rows: 43 });
    assert.deepEqual(windowSize(slave), { columns: 132, rows: 43 });

    const path = join(directory, "console.sock");
    const socket = openConsoleSocket(path);
    assert.throws(() => socket.receive(), failsWith("ENOMSG", "accept4"));
    const ours = connectUnix(path);
    sendFds(ours, Buffer.from("/dev/ptmx"), [master]);
    const received = socket.receive();
    setWindowSize(received, { columns: 10, rows: 5 });
    assert.deepEqual(windowSize(slave), { columns: 10, rows: 5 });
    socket.close();
    socket.close();
    assert.deepEqual(readdirSync(directory).includes("console.sock"), false);
    for (const fd of [ours, received, master, slave]) close(fd);
  });

  it("refuses a socket path that the kernel would cut", () => {
    assert.throws(() => listenUnix(join(directory, "x".repeat(108))), failsWith("ENAMETOOLONG", "bind"));
  });

  it("accepts nobody where nobody waits", () => {
    const path = join(directory, "listen.sock");
    const listener = listenUnix(path);
    assert.equal(acceptUnix(listener), undefined);
    assert.throws(() => listenUnix(path), failsWith("EADDRINUSE", "bind"));
    close(listener);
  });

  it("writes through an fd that node:fs sees as well", () => {
    const [reader, writer] = pipe();
    writeSync(writer, "abc");
    const buffer = new Uint8Array(3);
    assert.equal(read(reader, buffer), 3);
    closeSync(reader);
    closeSync(writer);
  });
});
