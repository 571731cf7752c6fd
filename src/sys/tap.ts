/** Tap devices (Documentation/networking/tuntap in the kernel). */
import { constants } from "node:fs";
import { cLibrary } from "./c-library.ts";
import { check, close, open } from "./libc.ts";
import { SysError } from "./sys-error.ts";

const signatures = { ioctl: ["int", "int", "u64", "buffer"] } as const;

const libc = cLibrary(signatures);

const TUNSETIFF = 0x400454ca;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
const EINVAL = 22;
/** struct ifreq: a name of 16 bytes with its NUL, then the flags. */
const nameSize = 16;
const ifreqSize = 40;

/**
 * A new tap in this thread's network namespace. It lives as long as the fd (or a copy): one frame a read or write, each
 * after a struct virtio_net_hdr of 10 bytes, so that checksums and segments may be left to the reader. Needs
 * CAP_NET_ADMIN there; EBUSY where the name is taken.
 */
export function openTap(name: string): number {
  const bytes = Buffer.from(name, "latin1");
  if (bytes.length === 0 || bytes.length >= nameSize) throw new SysError(EINVAL, "ioctl TUNSETIFF", name);
  const fd = open("/dev/net/tun", constants.O_RDWR);
  try {
    const request = Buffer.alloc(ifreqSize);
    bytes.copy(request);
    request.writeUInt16LE(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, nameSize);
    check(() => libc().ioctl(fd, TUNSETIFF, request), "ioctl TUNSETIFF", name);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}
