/** What a pipe or FIFO holds, and whether anybody reads it. */
import { cLibrary } from "./c-library.ts";
import { check } from "./libc.ts";

const signatures = {
  ioctl: ["int", "int", "u64", "buffer"],
  poll: ["int", "buffer", "u64", "int"],
} as const;

const libc = cLibrary(signatures);

const FIONREAD = 0x541b;
const POLLERR = 0x8;

/** Bytes that wait to be read. */
export function unreadBytes(fd: number): number {
  const bytes = new Uint8Array(4);
  check(() => libc().ioctl(fd, FIONREAD, bytes), "ioctl FIONREAD");
  return new DataView(bytes.buffer).getInt32(0, true);
}

/** Asked of a writing end: poll(2) reports POLLERR there while no reading end is open. */
export function hasReader(writingEnd: number): boolean {
  const pollfd = new Uint8Array(8);
  const view = new DataView(pollfd.buffer);
  view.setInt32(0, writingEnd, true);
  check(() => libc().poll(pollfd, 1, 0), "poll");
  return (view.getInt16(6, true) & POLLERR) === 0;
}
