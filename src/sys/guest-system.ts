/** What only the first process of a machine does: its power, its clock, its random numbers, its loopback link. */
import { constants } from "node:fs";
import { cLibrary } from "./c-library.ts";
import { check, close, open } from "./libc.ts";

const signatures = {
  reboot: ["int", "int"],
  sync: ["void"],
  socket: ["int", "int", "int", "int"],
  ioctl: ["int", "int", "u64", "buffer"],
  clock_settime: ["int", "int", "buffer"],
} as const;

const libc = cLibrary(signatures);

const RB_POWER_OFF = 0x4321fedc;
const CLOCK_REALTIME = 0;
const RNDADDENTROPY = 0x40085203;
const RNDRESEEDCRNG = 0x5207;
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;
/** struct ifreq: a name of 16 bytes, then the flags. */
const ifreqSize = 40;
const ifreqFlags = 16;

/** Writes back what file systems hold and turns the machine off. Does not return. Throws EPERM for who may not. */
export function powerOff(): void {
  libc().sync();
  check(() => libc().reboot(RB_POWER_OFF), "reboot");
}

/** The loopback link of our network namespace comes up, its addresses with it. */
export function bringLoopbackUp(): void {
  const socket = check(() => libc().socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  try {
    const request = Buffer.alloc(ifreqSize);
    request.write("lo", "latin1");
    request.writeUInt16LE(IFF_UP, ifreqFlags);
    check(() => libc().ioctl(socket, SIOCSIFFLAGS, request), "ioctl SIOCSIFFLAGS", "lo");
  } finally {
    close(socket);
  }
}

/** Steps the wall clock: nanoseconds since 1970. Throws EPERM for who may not. */
export function setClock(unixNanoseconds: bigint): void {
  const timespec = new BigInt64Array([unixNanoseconds / 1_000_000_000n, unixNanoseconds % 1_000_000_000n]);
  check(() => libc().clock_settime(CLOCK_REALTIME, new Uint8Array(timespec.buffer)), "clock_settime");
}

/**
 * Mixes the bytes into the kernel's random numbers, counts them as random, and reseeds its generator at once. Throws EPERM
 * for who may not.
 */
export function addEntropy(bytes: Uint8Array): void {
  const fd = open("/dev/urandom", constants.O_WRONLY);
  try {
    // struct rand_pool_info: bits, bytes, then the bytes.
    const pool = Buffer.alloc(8 + bytes.length);
    pool.writeInt32LE(bytes.length * 8, 0);
    pool.writeInt32LE(bytes.length, 4);
    pool.set(bytes, 8);
    check(() => libc().ioctl(fd, RNDADDENTROPY, pool), "ioctl RNDADDENTROPY", "/dev/urandom");
    check(() => libc().ioctl(fd, RNDRESEEDCRNG, null), "ioctl RNDRESEEDCRNG", "/dev/urandom");
  } finally {
    close(fd);
  }
}
