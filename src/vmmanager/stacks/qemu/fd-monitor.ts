import { setTimeout as sleep } from "node:timers/promises";
import { runtime } from "#runtime";
import { unavailable } from "../../../errors/shim-error.ts";
import { close, dup } from "../../../sys/libc.ts";
import { sendFds } from "../../../sys/libc-socket.ts";
import type { CallOptions } from "../../lifetime.ts";
import type { FdSet, QemuMonitor } from "./monitor.ts";
import { QmpClient } from "./qmp/client.ts";

/** QMP skips white space between commands: a byte to carry an fd. */
const SPACE = Uint8Array.of(0x20);
const FULL_MS = 10;

/**
 * The monitor over a unix socket, with a second fd of that socket for the messages that carry fds. QEMU keeps the fds
 * that came last for the next command that wants them, so there is one such command at a time.
 */
export class FdMonitor implements QemuMonitor {
  readonly qmp: QmpClient;
  readonly #socket: number;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(qmp: QmpClient, socket: number) {
    this.qmp = qmp;
    this.#socket = socket;
    void qmp.closed.then(() => this.#release());
  }

  /** Takes the fd over. Rejects as QmpClient.over. */
  static async over(fd: number, options?: CallOptions): Promise<FdMonitor> {
    let socket: number;
    try {
      socket = dup(fd);
    } catch (error) {
      close(fd);
      throw error;
    }
    try {
      return new FdMonitor(await QmpClient.over(runtime.adopt(fd, "socket"), options), socket);
    } catch (error) {
      close(socket);
      throw error;
    }
  }

  async addFd(fd: number, options?: CallOptions): Promise<FdSet> {
    const { id } = await this.#with(fd, () => this.qmp.execute("add-fd", {}, options), options);
    return { id, path: `/dev/fdset/${id}` };
  }

  async removeFd(id: number, options?: CallOptions): Promise<void> {
    await this.qmp.execute("remove-fd", { "fdset-id": id }, options);
  }

  async nameFd(name: string, fd: number, options?: CallOptions): Promise<void> {
    await this.#with(fd, () => this.qmp.execute("getfd", { fdname: name }, options), options);
  }

  /** Hangs up; QEMU goes on. Idempotent. */
  close(): void {
    this.qmp.close();
    this.#release();
  }

  #with<T>(fd: number, command: () => Promise<T>, options: CallOptions | undefined): Promise<T> {
    const work = this.#turn.then(async () => {
      await this.#send(fd, options?.signal);
      return command();
    });
    this.#turn = work.catch(() => undefined);
    return work;
  }

  /**
   * Between two commands, as the socket takes a command whole: it has room for hundreds of them. Where it has none at all
   * QEMU does not read, and this waits.
   */
  async #send(fd: number, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#closed) throw unavailable("QEMU's monitor is closed; cannot hand an fd over");
      if (sendFds(this.#socket, SPACE, [fd])) return;
      await sleep(FULL_MS);
    }
  }

  #release(): void {
    if (this.#closed) return;
    this.#closed = true;
    close(this.#socket);
  }
}
