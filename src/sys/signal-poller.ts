/**
 * Readiness of the few fds whose driver says by SIGIO that something has come, as a virtio-serial port's does. No thread, no
 * helper: that is what counts where a thread of the runtime costs most of a second, in an emulated machine at its boot. Room to
 * write is announced by no signal there; it is looked for again and again while somebody waits for it.
 */
import { cLibrary } from "./c-library.ts";
import type { Poller, Readiness, Registration } from "./fd-carrier.ts";
import { check, signalInput, silenceInput } from "./libc.ts";

const libc = cLibrary({ poll: ["int", "buffer", "u64", "int"] } as const);

const POLLIN = 1;
const POLLOUT = 4;
const POLLERR = 8;
const POLLHUP = 16;
const WRITABLE_EVERY_MS = 2;

class SignalPoller implements Poller {
  readonly #checks = new Set<() => void>();
  #held: NodeJS.Timeout | undefined;
  #listening = false;
  readonly #onSignal = (): void => {
    for (const check of [...this.#checks]) check();
  };

  register(fd: number, onReady: (ready: Readiness) => void): Registration {
    let wanted: Readiness = { readable: false, writable: false };
    let soon: NodeJS.Immediate | undefined;
    let later: NodeJS.Timeout | undefined;
    const look = (): void => {
      clearImmediate(soon);
      clearTimeout(later);
      soon = undefined;
      later = undefined;
      const ready = readiness(fd, wanted);
      if (ready.readable || ready.writable) {
        wanted = { readable: false, writable: false };
        onReady(ready);
      } else if (wanted.writable) {
        later = setTimeout(look, WRITABLE_EVERY_MS);
      }
    };
    this.#add(look);
    signalInput(fd);
    return {
      request: (next) => {
        wanted = next;
        // What came before, or was left by the last read, is announced no more.
        soon ??= setImmediate(look);
      },
      remove: () => {
        clearImmediate(soon);
        clearTimeout(later);
        this.#remove(look);
        silenceInput(fd);
      },
    };
  }

  #add(look: () => void): void {
    if (this.#checks.size === 0) {
      // It stays: without a listener the last signal, late, would end the process.
      if (!this.#listening) process.on("SIGIO", this.#onSignal);
      this.#listening = true;
      // A signal that may come keeps no process alive.
      this.#held = setInterval(() => undefined, 2 ** 30);
    }
    this.#checks.add(look);
  }

  #remove(look: () => void): void {
    if (!this.#checks.delete(look) || this.#checks.size > 0) return;
    clearInterval(this.#held);
  }
}

/** The process's one: it has one handler of that signal. */
export const signalPoller = new SignalPoller();

/** Resolves once, without a thread or a helper. Rejects with the signal's reason. The fd's driver knows SIGIO (sockets do). */
export function whenReady(
  fd: number,
  direction: "readable" | "writable",
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const settle = (done: () => void): void => {
      signal?.removeEventListener("abort", abort);
      registration.remove();
      done();
    };
    const abort = (): void => settle(() => reject(signal?.reason));
    const registration = signalPoller.register(fd, () => settle(resolve));
    signal?.addEventListener("abort", abort, { once: true });
    registration.request({ readable: direction === "readable", writable: direction === "writable" });
  });
}

/** As epoll's: a hang-up or an error is both. */
function readiness(fd: number, { readable, writable }: Readiness): Readiness {
  if (!readable && !writable) return { readable, writable };
  const entry = new Uint8Array(8);
  const view = new DataView(entry.buffer);
  view.setInt32(0, fd, true);
  view.setInt16(4, (readable ? POLLIN : 0) | (writable ? POLLOUT : 0), true);
  check(() => libc().poll(entry, 1, 0), "poll");
  const events = view.getInt16(6, true);
  const failed = (events & (POLLERR | POLLHUP)) !== 0;
  return {
    readable: readable && (failed || (events & POLLIN) !== 0),
    writable: writable && (failed || (events & POLLOUT) !== 0),
  };
}
