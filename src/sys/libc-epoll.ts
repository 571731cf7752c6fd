/** epoll(7), all but the waiting. */
import { cLibrary } from "./c-library.ts";
import { check } from "./libc.ts";

const signatures = {
  epoll_create1: ["int", "int"],
  epoll_ctl: ["int", "int", "int", "int", "buffer"],
} as const;

const libc = cLibrary(signatures);

export const EPOLL = { IN: 1, OUT: 4, ERR: 8, HUP: 16, ONESHOT: 1 << 30 } as const;
const EPOLL_CLOEXEC = 0o2000000;
const operations = { add: 1, delete: 2, modify: 3 } as const;

/** struct epoll_event is packed on x86-64 alone: elsewhere its data is aligned to 8. */
export const epollLayout =
  process.arch === "x64" ? { size: 12, dataOffset: 4 } : ({ size: 16, dataOffset: 8 } as const);

export function epollCreate(): number {
  return check(() => libc().epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
}

/** The event structure with `id` as its data. */
export function epollEvent(id: number, events: number): Uint8Array {
  const bytes = new Uint8Array(epollLayout.size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, events >>> 0, true);
  view.setBigUint64(epollLayout.dataOffset, BigInt(id), true);
  return bytes;
}

export function epollControl(
  epoll: number,
  operation: keyof typeof operations,
  fd: number,
  event: Uint8Array | null = null,
): void {
  check(() => libc().epoll_ctl(epoll, operations[operation], fd, event), "epoll_ctl");
}
