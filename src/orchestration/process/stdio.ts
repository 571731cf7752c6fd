import { closeSync } from "node:fs";
import type { GuestStdio, GuestStdioPorts, GuestStdioSettings } from "../../guestmanager/guest.ts";
import type { StdioContext, StdioEndpoint, StdioEndpoints, StdioPaths } from "../../stdio/endpoints.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { within } from "../deadline.ts";
import type { ProcessIoPorts, Relay, RunningProcess } from "./ports.ts";
import type { SavedStreams } from "./saved.ts";

/** Of a restored process whose new client does not want it: unread, it would stop the process. */
const discard = { data() {}, end() {}, drain() {}, close() {} };

/**
 * The stdio of one process between containerd's FIFOs and the guest. Two ways: `handover`, where the process gets the
 * endpoints' own fds (host and guest share a kernel, no terminal), or streams with a relay for each.
 */
export class ProcessStdio {
  readonly handover: boolean;
  readonly #paths: StdioPaths;
  readonly #context: StdioContext;
  readonly #ports: ProcessIoPorts;
  #endpoints: Promise<StdioEndpoints> | undefined;
  #opened: StdioEndpoints | undefined;
  #input: Relay | undefined;
  #guestInput: ByteStream | undefined;
  #outputs: { readonly name: "stdout" | "stderr"; readonly relay: Relay }[] = [];
  #guestPorts: GuestStdioPorts = {};
  #held = { stdout: "", stderr: "" };
  #inputClosed = false;
  #closed: Promise<void> | undefined;

  constructor(paths: StdioPaths, context: StdioContext, handover: boolean, ports: ProcessIoPorts) {
    this.handover = handover && !paths.terminal;
    // A terminal has one output.
    this.#paths = paths.terminal ? { ...paths, stderr: "" } : paths;
    this.#context = context;
    this.#ports = ports;
  }

  /** Opens containerd's end. Idempotent; after a failure it may be tried again. */
  async open(): Promise<void> {
    this.#endpoints ??= this.#ports.open(this.#paths, this.#context);
    try {
      this.#opened = await this.#endpoints;
    } catch (cause) {
      this.#endpoints = undefined;
      throw cause;
    }
    if (this.#inputClosed) this.#opened.stdin?.closeInput();
  }

  /** What the guest is to be given. With `handover` the fds are new ones, which the receiver owns. */
  settings(): GuestStdioSettings {
    const { stdin, stdout, stderr } = this.#opened ?? {};
    const made: number[] = [];
    const entry = (endpoint: StdioEndpoint | undefined): GuestStdio | undefined => {
      if (endpoint === undefined) return undefined;
      if (!this.handover) return { kind: "stream" };
      const fd = endpoint.passFd();
      made.push(fd);
      return { kind: "fd", fd };
    };
    try {
      const [a, b, c] = [entry(stdin), entry(stdout), entry(stderr)];
      return { ...(a && { stdin: a }), ...(b && { stdout: b }), ...(c && { stderr: c }) };
    } catch (cause) {
      for (const fd of made) closeSync(fd);
      throw cause;
    }
  }

  /** Joins the started process's streams; once. */
  attach(process: RunningProcess, saved?: SavedStreams): void {
    const { stdin, stdout, stderr } = this.#opened ?? {};
    if (this.handover) return;
    if (process.stdin !== undefined) {
      this.#guestInput = process.stdin;
      if (stdin !== undefined) this.#input = this.#ports.relay(stdin.stream(), process.stdin);
      else process.stdin.end();
    }
    this.#guestPorts = process.ports;
    for (const [name, endpoint] of [
      ["stdout", stdout],
      ["stderr", stderr],
    ] as const) {
      const source = process[name];
      const before = Buffer.from(saved?.[name] ?? "", "base64");
      // One that had ended before a save may still owe its last bytes, and its end.
      const ended = saved?.ports[name] !== undefined;
      if (endpoint === undefined && saved !== undefined) source?.open(discard);
      if (endpoint === undefined || (source === undefined && !ended)) continue;
      this.#outputs.push({ name, relay: this.#ports.relay(source, endpoint.stream(), before) });
    }
  }

  /** All copying stands still until `release`; what `save` answers then stays true. */
  hold(): void {
    this.#input?.hold();
    const of = (wanted: "stdout" | "stderr"): string => {
      const held = this.#outputs.filter(({ name }) => name === wanted).map(({ relay }) => relay.hold());
      return Buffer.concat(held).toString("base64");
    };
    this.#held = { stdout: of("stdout"), stderr: of("stderr") };
  }

  release(): void {
    this.#input?.release();
    for (const { relay } of this.#outputs) relay.release();
  }

  dropOutput(): void {
    this.#input?.stop();
    for (const { relay } of this.#outputs) relay.stop();
  }

  save(): SavedStreams {
    return { ports: this.#guestPorts, inputClosed: this.#inputClosed, ...this.#held };
  }

  /** CloseIO: EOF for the process once what the client wrote is read. Also before the start. */
  closeInput(): void {
    this.#inputClosed = true;
    this.#opened?.stdin?.closeInput();
  }

  /** All output written, or `ms` gone by: a process that lives on with the pipe open does not hold up the exit. */
  async drain(ms: number): Promise<void> {
    const latest = performance.now() + ms;
    this.#input?.stop();
    const all = Promise.all(this.#outputs.map(({ relay }) => relay.done)).then(() => true);
    const drained = await within(all, ms, "drain").catch(() => false);
    if (!drained) for (const { relay } of this.#outputs) relay.stop();
    await this.#opened?.drained({ timeoutMs: Math.max(0, latest - performance.now()) });
  }

  /**
   * After a start that failed: a client reads what it made for the process to its end before it goes on, so the relayed
   * end is closed. `open` opens it anew. With `handover` the guest had the only ones.
   */
  async giveUp(): Promise<void> {
    if (this.handover) return;
    const endpoints = await this.#endpoints?.catch(() => undefined);
    this.#endpoints = undefined;
    this.#opened = undefined;
    await endpoints?.close();
  }

  /** Closes containerd's end: its readers see EOF, a logger is waited for. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#input?.stop();
    for (const { relay } of this.#outputs) relay.stop();
    this.#guestInput?.destroy();
    const endpoints = await this.#endpoints?.catch(() => undefined);
    await endpoints?.close();
  }
}
