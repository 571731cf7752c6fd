/** Socket calls that no runtime offers: pairs, and fds that travel over unix sockets (SCM_RIGHTS). */
import { unlinkSync } from "node:fs";
import { cLibrary } from "./c-library.ts";
import { check, close } from "./libc.ts";
import type { CCallResult } from "./library.ts";
import { NativeMemory } from "./native-memory.ts";
import { SysError } from "./sys-error.ts";

const signatures = {
  socketpair: ["int", "int", "int", "int", "buffer"],
  socket: ["int", "int", "int", "int"],
  bind: ["int", "int", "buffer", "uint"],
  listen: ["int", "int", "int"],
  connect: ["int", "int", "buffer", "uint"],
  accept4: ["int", "int", "pointer", "pointer", "int"],
  recv: ["i64", "int", "buffer", "u64", "int"],
  recvmsg: ["i64", "int", "pointer", "int"],
  sendmsg: ["i64", "int", "pointer", "int"],
} as const;

const libc = cLibrary(signatures);

const EINTR = 4;
const EAGAIN = 11;
const ENAMETOOLONG = 36;
const EBADMSG = 74;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_PEEK = 0x2;
const MSG_CTRUNC = 0x8;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;

/** A connected pair of stream sockets, close-on-exec, blocking. */
export function socketPair(): [number, number] {
  const fds = new Int32Array(2);
  check(() => libc().socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, new Uint8Array(fds.buffer)), "socketpair");
  return [fds[0] ?? -1, fds[1] ?? -1];
}

/** A listening unix socket (close-on-exec, non-blocking) that is not accepted from by the runtime. */
export function listenUnix(path: string, backlog = 16): number {
  const address = socketAddress(path, "bind");
  const fd = check(() => libc().socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  try {
    check(() => libc().bind(fd, address, address.length), "bind", path);
    check(() => libc().listen(fd, backlog), "listen", path);
  } catch (error) {
    close(fd);
    throw error;
  }
  return fd;
}

/** A connected unix socket (close-on-exec, non-blocking). Never waits: EAGAIN where the listener's backlog is full. */
export function connectUnix(path: string): number {
  const address = socketAddress(path, "connect");
  const fd = check(() => libc().socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  try {
    check(() => libc().connect(fd, address, address.length), "connect", path);
  } catch (error) {
    close(fd);
    throw error;
  }
  return fd;
}

/** A datagram socket (close-on-exec, non-blocking) at a path, which is made. */
export function bindUnixDatagram(path: string): number {
  const address = socketAddress(path, "bind");
  const fd = check(() => libc().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  try {
    check(() => libc().bind(fd, address, address.length), "bind", path);
  } catch (error) {
    close(fd);
    throw error;
  }
  return fd;
}

/** One at `localPath` that talks with the socket at `remotePath` alone. */
export function connectUnixDatagram(localPath: string, remotePath: string): number {
  const fd = bindUnixDatagram(localPath);
  try {
    connectDatagrams(fd, remotePath);
  } catch (error) {
    close(fd);
    unlinkSync(localPath);
    throw error;
  }
  return fd;
}

/** From now on the datagram socket talks with the one at the path alone. */
export function connectDatagrams(fd: number, remotePath: string): void {
  const address = socketAddress(remotePath, "connect");
  check(() => libc().connect(fd, address, address.length), "connect", remotePath);
}

/** sockaddr_un; its path holds 107 bytes and a NUL. */
function socketAddress(path: string, syscall: string): Uint8Array {
  const name = new TextEncoder().encode(path);
  if (name.length > 107) throw new SysError(ENAMETOOLONG, syscall, path);
  const address = new Uint8Array(2 + name.length + 1);
  address[0] = AF_UNIX;
  address.set(name, 2);
  return address;
}

/** The next waiting connection (close-on-exec, non-blocking); undefined where nobody waits. */
export function acceptUnix(fd: number): number | undefined {
  return unlessAgain(() => libc().accept4(fd, null, null, SOCK_CLOEXEC | SOCK_NONBLOCK), "accept4");
}

/** The next byte of a socket, which stays there: undefined where none is there yet, "ended" at EOF. */
export function peekByte(socket: number): number | "ended" | undefined {
  const byte = new Uint8Array(1);
  const count = unlessAgain(() => libc().recv(socket, byte, 1, MSG_PEEK | MSG_DONTWAIT), "recv");
  return count === 0 ? "ended" : count === undefined ? undefined : byte[0];
}

export interface ReceivedMessage {
  /** Empty at EOF. */
  readonly bytes: Uint8Array;
  /** Close-on-exec; the caller owns them. */
  readonly fds: readonly number[];
}

/**
 * One recvmsg(2) without waiting: undefined where nothing is there. Throws EBADMSG, with every received fd closed,
 * when more than `maxFds` came (the kernel has dropped the rest).
 */
export function receiveFds(socket: number, maxBytes = 4096, maxFds = 1): ReceivedMessage | undefined {
  const message = new Message(maxBytes, maxFds);
  try {
    const count = unlessAgain(() => libc().recvmsg(socket, message.header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT), "recvmsg");
    if (count === undefined) return undefined;
    const received = { bytes: message.memory.read(message.data, count), fds: message.fds() };
    if (message.truncated() || received.fds.length > maxFds) {
      for (const fd of received.fds) close(fd);
      throw new SysError(EBADMSG, "recvmsg");
    }
    return received;
  } finally {
    message.memory.free();
  }
}

/** Sends the bytes (at least one) with the fds, which stay the caller's; false where the socket is full. */
export function sendFds(socket: number, bytes: Uint8Array, fds: readonly number[]): boolean {
  const message = new Message(bytes.length, fds.length);
  try {
    message.memory.write(message.data, bytes);
    message.setFds(fds);
    return (
      unlessAgain(() => libc().sendmsg(socket, message.header, MSG_NOSIGNAL | MSG_DONTWAIT), "sendmsg") !== undefined
    );
  } finally {
    message.memory.free();
  }
}

function unlessAgain(call: () => CCallResult, syscall: string): number | undefined {
  for (;;) {
    const { value, errno } = call();
    if (value !== -1) return Number(value);
    if (errno === EAGAIN) return undefined;
    if (errno !== EINTR) throw new SysError(errno, syscall);
  }
}

/** msghdr (56 bytes), one iovec (16), a control buffer for the fds, then the data: one block, 64-bit layout. */
class Message {
  readonly memory: NativeMemory;
  readonly header: number;
  readonly data: number;
  readonly #control = 72;
  readonly #room: number;

  constructor(dataSize: number, fdCount: number) {
    this.#room = 16 + ((fdCount * 4 + 7) & ~7);
    this.data = this.#control + this.#room;
    this.memory = new NativeMemory(this.data + dataSize);
    this.header = this.memory.address;
    this.memory.writeU64(16, this.header + 56);
    this.memory.writeU64(24, 1);
    this.memory.writeU64(32, this.header + this.#control);
    this.memory.writeU64(40, fdCount > 0 ? this.#room : 0);
    this.memory.writeU64(56, this.header + this.data);
    this.memory.writeU64(64, dataSize);
  }

  truncated(): boolean {
    return (view(this.memory.read(48, 4)).getInt32(0, true) & MSG_CTRUNC) !== 0;
  }

  fds(): number[] {
    const used = Number(view(this.memory.read(40, 8)).getBigUint64(0, true));
    if (used < 16) return [];
    const control = view(this.memory.read(this.#control, used));
    const length = Number(control.getBigUint64(0, true));
    if (control.getInt32(8, true) !== SOL_SOCKET || control.getInt32(12, true) !== SCM_RIGHTS) return [];
    const fds: number[] = [];
    for (let at = 16; at + 4 <= Math.min(length, used); at += 4) fds.push(control.getInt32(at, true));
    return fds;
  }

  setFds(fds: readonly number[]): void {
    if (fds.length === 0) return;
    const control = new Uint8Array(this.#room);
    const into = view(control);
    into.setBigUint64(0, BigInt(16 + fds.length * 4), true);
    into.setInt32(8, SOL_SOCKET, true);
    into.setInt32(12, SCM_RIGHTS, true);
    for (const [i, fd] of fds.entries()) into.setInt32(16 + i * 4, fd, true);
    this.memory.write(this.#control, control);
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
