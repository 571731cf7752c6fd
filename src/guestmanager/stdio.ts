import { closeSync } from "node:fs";
import { ShimError, unimplemented } from "../errors/shim-error.ts";
import { FIRST_STDIO_PORT } from "../prot/protocol.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { FdOffer, GuestListener, HostSockets } from "../transport/sockets.ts";
import type { GuestStdio, GuestStdioPorts, GuestStdioSettings, OpenedStdio } from "./guest.ts";
import { OutputStream } from "./output-stream.ts";

/** Hands out stdio ports, upward from 0x40000001, each once. */
export class StdioPorts {
  #next = FIRST_STDIO_PORT;

  next(): number {
    return this.#next++;
  }

  /** What the next process's first stream will get (hcsshim's NextPort). */
  get upcoming(): number {
    return this.#next;
  }

  /** In use by a process that was not made here. */
  taken(port: number): void {
    this.#next = Math.max(this.#next, port + 1);
  }
}

export interface ProcessStreams {
  readonly stdin: ByteStream | undefined;
  readonly stdout: ByteStream | undefined;
  readonly stderr: ByteStream | undefined;
  readonly ports: GuestStdioPorts;
}

/** The streams of a process that was made by another host process. */
export function openedStreams({ ports, stdin, stdout, stderr }: OpenedStdio): ProcessStreams {
  return { ports, stdin, stdout: stdout && new OutputStream(stdout), stderr: stderr && new OutputStream(stderr) };
}

/** For fds that were given up to us and are of no use. */
export function closeStdioFds({ stdin, stdout, stderr }: GuestStdioSettings): void {
  for (const entry of [stdin, stdout, stderr]) if (entry?.kind === "fd") closeSync(entry.fd);
}

interface Side {
  readonly port: number;
  readonly listener: GuestListener | undefined;
  readonly offer: FdOffer | undefined;
}

/**
 * The stdio of one process while it is being made: a port for each, listened on (or its fd offered) before the request
 * leaves, since the guest dials before it answers. Takes the fds over: they are closed where nobody dials for them.
 */
export class PreparedStdio {
  readonly #sides: { stdin?: Side; stdout?: Side; stderr?: Side } = {};

  /** Throws unimplemented for fds where host and guest share no kernel. All fds are closed when it throws. */
  constructor(sockets: HostSockets, ports: StdioPorts, settings: GuestStdioSettings) {
    const { stdin, stdout, stderr } = settings;
    const left = [stdin, stdout, stderr].filter((entry) => entry?.kind === "fd");
    const arm = (stdio: GuestStdio): Side => {
      const port = ports.next();
      if (stdio.kind === "stream") return { port, listener: sockets.listen(port), offer: undefined };
      if (sockets.offerFd === undefined) {
        throw unimplemented("this stack's guest has its own kernel; cannot hand it an fd: ask for a stream");
      }
      const offer = sockets.offerFd(port, stdio.fd);
      left.splice(left.indexOf(stdio), 1);
      return { port, listener: undefined, offer };
    };
    try {
      if (stdin !== undefined) this.#sides.stdin = arm(stdin);
      if (stdout !== undefined) this.#sides.stdout = arm(stdout);
      if (stderr !== undefined) this.#sides.stderr = arm(stderr);
    } catch (error) {
      for (const entry of left) if (entry?.kind === "fd") closeSync(entry.fd);
      this.abandon();
      throw error;
    }
  }

  /** For VsockStdioRelaySettings; 0 where there is none. */
  get relaySettings(): { stdIn: number; stdOut: number; stdErr: number } {
    const { stdin, stdout, stderr } = this.#sides;
    return { stdIn: stdin?.port ?? 0, stdOut: stdout?.port ?? 0, stdErr: stderr?.port ?? 0 };
  }

  get isEmpty(): boolean {
    return Object.keys(this.#sides).length === 0;
  }

  /**
   * After the guest's answer: the streams that it dialled, one connection a port. Rejects with the signal's reason when
   * one does not come; then nothing is left open.
   */
  async connect(signal: AbortSignal): Promise<ProcessStreams> {
    const accept = (side: Side | undefined): Promise<ByteStream | undefined> =>
      side?.listener === undefined ? Promise.resolve(undefined) : side.listener.accept({ signal });
    const { stdin, stdout, stderr } = this.#sides;
    const accepted = await Promise.allSettled([accept(stdin), accept(stdout), accept(stderr)]);
    this.abandon();
    const failed = accepted.find((result) => result.status === "rejected");
    if (failed !== undefined) {
      for (const result of accepted) if (result.status === "fulfilled") result.value?.destroy();
      throw ShimError.from(failed.reason, "unavailable");
    }
    const [input, output, errors] = accepted.map((result) =>
      result.status === "fulfilled" ? result.value : undefined,
    );
    return {
      ports: this.#streamPorts(),
      stdin: input,
      stdout: output === undefined ? undefined : new OutputStream(output),
      stderr: errors === undefined ? undefined : new OutputStream(errors),
    };
  }

  #streamPorts(): GuestStdioPorts {
    const { stdin, stdout, stderr } = this.#sides;
    const port = (side: Side | undefined) => (side?.listener === undefined ? undefined : side.port);
    const [a, b, c] = [port(stdin), port(stdout), port(stderr)];
    return { ...(a && { stdin: a }), ...(b && { stdout: b }), ...(c && { stderr: c }) };
  }

  /** Closes what is not dialled yet. Idempotent. */
  abandon(): void {
    for (const side of Object.values(this.#sides)) {
      side.listener?.close();
      side.offer?.withdraw();
    }
  }
}
