/**
 * Readiness of any fd under Bun. Bun polls sockets natively, but its own streams read
 * a pty master not at all (Bun.file: ESPIPE) or by one blocked thread each
 * (tty.ReadStream), and node:net delivers nothing from pipes there. So: one Worker for
 * all, asleep in epoll_wait(2), that passes what it gets into a socket pair, which Bun
 * does poll. An idle stream costs no CPU, no timer, no thread; the Worker starts with
 * the first stream that must wait (2 MB, 3 ms, off the main thread) and stays.
 */
import type { Socket } from "bun";
import type { Poller, Readiness, Registration } from "./fd-carrier.ts";
import { EPOLL, epollControl, epollCreate, epollEvent, epollLayout } from "./libc-epoll.ts";
import { socketPair } from "./libc-socket.ts";
import { SysError } from "./sys-error.ts";

const recordSize = epollLayout.size;

/** Runs in the Worker. A string, so that a compiled executable needs no second entry point. */
const workerSource = (epoll: number, wake: number) => `
import { dlopen } from "bun:ffi";
const libc = dlopen("libc.so.6", {
  epoll_wait: { args: ["int", "ptr", "int", "int"], returns: "int" },
  write: { args: ["int", "ptr", "u64"], returns: "i64" },
}).symbols;
const events = new Uint8Array(${recordSize} * 64);
for (;;) {
  const count = libc.epoll_wait(${epoll}, events, 64, -1);
  if (count > 0) libc.write(${wake}, events, count * ${recordSize});
}
`;

interface Entry {
  readonly onReady: (ready: Readiness) => void;
}

export class BunPoller implements Poller {
  readonly #entries = new Map<number, Entry>();
  #nextId = 1;
  #epoll = -1;
  #wakeSocket: Socket<undefined> | undefined;
  #partial: Uint8Array | undefined;

  register(fd: number, onReady: (ready: Readiness) => void): Registration {
    const id = this.#nextId++;
    const entry: Entry = { onReady };
    let state: "fresh" | "added" | "always-ready" | "removed" = "fresh";
    return {
      request: (wanted) => {
        if (state === "removed") return;
        if (state === "fresh") {
          this.#start();
          this.#entries.set(id, entry);
          this.#hold();
          state = this.#add(fd, id, wanted) ? "added" : "always-ready";
        } else if (state === "added") {
          epollControl(this.#epoll, "modify", fd, epollEvent(id, flags(wanted)));
        }
        if (state === "always-ready") setImmediate(() => this.#entries.get(id)?.onReady(wanted));
      },
      remove: () => {
        if (state === "added") epollControl(this.#epoll, "delete", fd);
        state = "removed";
        this.#entries.delete(id);
        this.#hold();
      },
    };
  }

  /** False: a regular file or a device that never makes one wait. */
  #add(fd: number, id: number, wanted: Readiness): boolean {
    try {
      epollControl(this.#epoll, "add", fd, epollEvent(id, flags(wanted)));
      return true;
    } catch (error) {
      if (error instanceof SysError && error.code === "EPERM") return false;
      throw error;
    }
  }

  #start(): void {
    if (this.#epoll >= 0) return;
    this.#epoll = epollCreate();
    const [ours, theirs] = socketPair();
    void Bun.connect<undefined>({
      // Bun connects to an open fd too, its overloads do not say so.
      ...({ fd: ours } as unknown as { unix: string }),
      data: undefined,
      socket: {
        open: (socket) => {
          this.#wakeSocket = socket;
          this.#hold();
        },
        data: (_socket, bytes) => this.#onWake(bytes),
        error: (_socket, error) => {
          queueMicrotask(() => {
            throw error;
          });
        },
      },
    });
    const source = new Blob([workerSource(this.#epoll, theirs)], { type: "text/javascript" });
    const url = URL.createObjectURL(source);
    const worker = new Worker(url, { smol: true });
    worker.onerror = (event) => {
      throw new Error(`the poller's worker failed: ${event.message}`);
    };
    worker.unref();
  }

  /** The process stays alive for streams, not for the poller. */
  #hold(): void {
    if (this.#entries.size > 0) this.#wakeSocket?.ref();
    else this.#wakeSocket?.unref();
  }

  #onWake(bytes: Uint8Array): void {
    let records = bytes;
    if (this.#partial !== undefined) {
      records = new Uint8Array(this.#partial.length + bytes.length);
      records.set(this.#partial);
      records.set(bytes, this.#partial.length);
    }
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    let at = 0;
    for (; at + recordSize <= records.length; at += recordSize) {
      const events = view.getUint32(at, true);
      const failed = (events & (EPOLL.ERR | EPOLL.HUP)) !== 0;
      const id = Number(view.getBigUint64(at + epollLayout.dataOffset, true));
      // Gone between the Worker's wake-up and ours: the id is never given twice.
      this.#entries.get(id)?.onReady({
        readable: failed || (events & EPOLL.IN) !== 0,
        writable: failed || (events & EPOLL.OUT) !== 0,
      });
    }
    this.#partial = at < records.length ? records.slice(at) : undefined;
  }
}

function flags(wanted: Readiness): number {
  return (wanted.readable ? EPOLL.IN : 0) | (wanted.writable ? EPOLL.OUT : 0) | EPOLL.ONESHOT;
}
