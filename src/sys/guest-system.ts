/** What only the first process of a machine does: its power, its loopback link. */
import { cLibrary } from "./c-library.ts";
import { check, close } from "./libc.ts";

const signatures = {
  reboot: ["int", "int"],
  sync: ["void"],
  socket: ["int", "int", "int", "int"],
  ioctl: ["int", "int", "u64", "buffer"],
} as const;

const libc = cLibrary(signatures);

const RB_POWER_OFF = 0x4321fedc;
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
