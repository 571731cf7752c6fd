/** Stream sockets between a machine and its virtual machines (vsock(7)), and the host's device for one VM's. */
import { constants } from "node:fs";
import { cLibrary } from "./c-library.ts";
import { errnoName } from "./errno.ts";
import { check, close, open } from "./libc.ts";
import { whenReady } from "./signal-poller.ts";
import { errorCode, SysError } from "./sys-error.ts";

const signatures = {
  socket: ["int", "int", "int", "int"],
  bind: ["int", "int", "buffer", "uint"],
  listen: ["int", "int", "int"],
  connect: ["int", "int", "buffer", "uint"],
  accept4: ["int", "int", "buffer", "buffer", "int"],
  getsockname: ["int", "int", "buffer", "buffer"],
  getsockopt: ["int", "int", "int", "int", "buffer", "buffer"],
  ioctl: ["int", "int", "u64", "buffer"],
} as const;

const libc = cLibrary(signatures);

const AF_VSOCK = 40;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const STREAM = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const ADDRESS_SIZE = 16;
/** _IOW(0xaf, 0x60, __u64) of linux/vhost.h. */
const VHOST_VSOCK_SET_GUEST_CID = 0x4008_af60;

/** Context ids that are no VM's. */
export const VSOCK_CID = { loopback: 1, host: 2 } as const;
/** The kernel takes one that is free. */
export const ANY_VSOCK_PORT = 0xffff_ffff;
/** What a machine needs to give its VMs vsock: module vhost_vsock. */
export const VHOST_VSOCK = "/dev/vhost-vsock";

export interface VsockAddress {
  readonly cid: number;
  readonly port: number;
}

/** A listening socket (close-on-exec, non-blocking), and its port. Throws EADDRNOTAVAIL for a CID that isn't ours. */
export function listenVsock(address: VsockAddress, backlog = 128): { readonly fd: number; readonly port: number } {
  const fd = check(() => libc().socket(AF_VSOCK, STREAM, 0), "socket");
  try {
    check(() => libc().bind(fd, sockaddr(address), ADDRESS_SIZE), "bind", name(address));
    check(() => libc().listen(fd, backlog), "listen", name(address));
    const own = Buffer.alloc(ADDRESS_SIZE);
    check(() => libc().getsockname(fd, own, length(own)), "getsockname");
    return { fd, port: own.readUInt32LE(4) };
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** The next waiting connection (close-on-exec, non-blocking) and whose it is; undefined where nobody waits. */
export function acceptVsock(listener: number): { readonly fd: number; readonly peer: VsockAddress } | undefined {
  const peer = Buffer.alloc(ADDRESS_SIZE);
  try {
    const fd = check(() => libc().accept4(listener, peer, length(peer), SOCK_CLOEXEC | SOCK_NONBLOCK), "accept4");
    return { fd, peer: { cid: peer.readUInt32LE(8), port: peer.readUInt32LE(4) } };
  } catch (error) {
    if (errorCode(error) === "EAGAIN") return undefined;
    throw error;
  }
}

/** A connected socket (close-on-exec, non-blocking). The kernel itself gives up after 2 s: ETIMEDOUT. */
export async function connectVsock(address: VsockAddress, options: { signal?: AbortSignal } = {}): Promise<number> {
  options.signal?.throwIfAborted();
  const fd = check(() => libc().socket(AF_VSOCK, STREAM, 0), "socket");
  try {
    const { value, errno } = libc().connect(fd, sockaddr(address), ADDRESS_SIZE);
    if (value === -1) {
      if (errnoName(errno) !== "EINPROGRESS") throw new SysError(errno, "connect", name(address));
      await whenReady(fd, "writable", options);
      const error = Buffer.alloc(4);
      check(() => libc().getsockopt(fd, SOL_SOCKET, SO_ERROR, error, length(error)), "getsockopt");
      if (error.readInt32LE(0) !== 0) throw new SysError(error.readInt32LE(0), "connect", name(address));
    }
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** The host's device for one VM, whose CID is this from now until the fd closes. EADDRINUSE: another VM has it. */
export function openVhostVsock(guestCid: number, path = VHOST_VSOCK): number {
  const fd = open(path, constants.O_RDWR);
  try {
    const cid = Buffer.alloc(8);
    cid.writeBigUInt64LE(BigInt(guestCid));
    check(() => libc().ioctl(fd, VHOST_VSOCK_SET_GUEST_CID, cid), "ioctl VHOST_VSOCK_SET_GUEST_CID", path);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** struct sockaddr_vm. */
function sockaddr({ cid, port }: VsockAddress): Buffer {
  const address = Buffer.alloc(ADDRESS_SIZE);
  address.writeUInt16LE(AF_VSOCK, 0);
  address.writeUInt32LE(port, 4);
  address.writeUInt32LE(cid, 8);
  return address;
}

function length(buffer: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(buffer.length);
  return bytes;
}

function name({ cid, port }: VsockAddress): string {
  return `vsock ${cid}:${port}`;
}
