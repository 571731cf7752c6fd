import { failedPrecondition } from "../../errors/shim-error.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import type { Stdio } from "../../sys/runtime.ts";
import type { GuestConnection } from "../../transport/sockets.ts";
import { dropConnections, type StdioConnections } from "./connections.ts";
import type { StdioCalls } from "./ports.ts";
import type { ProcessIo } from "./process-io.ts";
import { InputRelay, OutputRelay } from "./relay.ts";

/**
 * Stdio without a terminal. What the host offered as an fd is the process's own; a
 * stream gets a pipe and a relay. Without connections (a host that dials up only at
 * start) there are pipes for all three, joined by `connect`.
 */
export class PipeIo implements ProcessIo {
  readonly terminal = false;
  readonly consoleSocket = undefined;
  readonly childStdio: readonly Stdio[];
  readonly #calls: StdioCalls;
  /** To be closed once the process has its copies. */
  #childFds: number[] = [];
  /** Our ends of the pipes, until they are joined. */
  readonly #ends: (number | undefined)[] = [undefined, undefined, undefined];
  readonly #relays: (InputRelay | OutputRelay)[] = [];
  #connected = false;
  #closed = false;

  constructor(calls: StdioCalls, connections: StdioConnections | undefined) {
    this.#calls = calls;
    const given = [connections?.stdin, connections?.stdout, connections?.stderr];
    const stdio: Stdio[] = ["null", "null", "null"];
    try {
      for (const [index, connection] of given.entries()) {
        if (connection?.kind === "fd") {
          this.#childFds.push(connection.fd);
          stdio[index] = connection.fd;
        } else if (connection?.kind === "stream" || connections === undefined) stdio[index] = this.#pipe(index);
      }
    } catch (error) {
      this.close();
      throw error;
    }
    this.childStdio = stdio;
    if (connections !== undefined) this.connect(connections);
  }

  childStarted(): void {
    for (const fd of this.#childFds) this.#calls.closeFd(fd);
    this.#childFds = [];
  }

  connect(connections: StdioConnections): void {
    if (this.#connected || this.#closed) {
      dropConnections(connections, this.#calls);
      return;
    }
    this.#connected = true;
    const given = [connections.stdin, connections.stdout, connections.stderr];
    for (const [index, connection] of given.entries()) {
      const end = this.#ends[index];
      this.#ends[index] = undefined;
      if (end !== undefined) this.#join(index, end, connection);
    }
  }

  async drained(): Promise<void> {
    const outputs = this.#relays.filter((relay) => relay instanceof OutputRelay);
    await Promise.all(outputs.map((relay) => relay.settled));
    this.close();
  }

  resize(): void {
    throw failedPrecondition("the process has no terminal; cannot resize it");
  }

  describe(): string {
    const ways = this.childStdio.map((stdio) => (stdio === "null" ? "null" : "fd"));
    return `stdio ${ways.join(",")}, ${this.#relays.length} relays${this.#connected ? "" : ", not connected"}`;
  }

  close(): void {
    this.#closed = true;
    this.childStarted();
    for (const [index, end] of this.#ends.entries()) {
      if (end !== undefined) this.#calls.closeFd(end);
      this.#ends[index] = undefined;
    }
    for (const relay of this.#relays) relay.destroy();
  }

  /** Makes the pipe, keeps our end, returns the process's. */
  #pipe(index: number): number {
    const { read, write } = this.#calls.pipe();
    const [ours, theirs] = index === 0 ? [write, read] : [read, write];
    this.#ends[index] = ours;
    this.#childFds.push(theirs);
    return theirs;
  }

  #join(index: number, end: number, connection: GuestConnection | undefined): void {
    if (index === 0) {
      if (connection === undefined) {
        this.#calls.closeFd(end);
        return;
      }
      this.#relays.push(
        new InputRelay(streamOf(this.#calls, connection, "read"), this.#calls.adopt(end, "pipe", "write")),
      );
      return;
    }
    const sink = connection && streamOf(this.#calls, connection, "write");
    this.#relays.push(new OutputRelay(this.#calls.adopt(end, "pipe", "read"), sink));
  }
}

/** A connection as a stream, whatever it came as. */
export function streamOf(calls: StdioCalls, connection: GuestConnection, direction: "read" | "write"): ByteStream {
  return connection.kind === "stream" ? connection.stream : calls.adopt(connection.fd, "pipe", direction);
}
