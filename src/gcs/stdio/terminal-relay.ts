import { failedPrecondition } from "../../errors/shim-error.ts";
import { dropConnections, type StdioConnections } from "./connections.ts";
import { duplexHalves } from "./duplex-halves.ts";
import { streamOf } from "./pipe-io.ts";
import type { StdioCalls } from "./ports.ts";
import { InputRelay, OutputRelay } from "./relay.ts";

/** Joins the master of a terminal with the host's ends, whichever of the two comes first. */
export class TerminalRelay {
  readonly #calls: StdioCalls;
  #master: number | undefined;
  /** For resize: stays ours when the streams have closed the master. */
  #control: number | undefined;
  #connections: StdioConnections | undefined;
  #input: InputRelay | undefined;
  #output: OutputRelay | undefined;
  #closed = false;

  constructor(calls: StdioCalls, connections: StdioConnections | undefined) {
    this.#calls = calls;
    this.#connections = connections;
  }

  get connected(): boolean {
    return this.#output !== undefined;
  }

  /** The master is ours from now on. */
  take(master: number): void {
    if (this.#closed) {
      this.#calls.closeFd(master);
      return;
    }
    this.#master = master;
    this.#control = this.#calls.duplicate(master);
    this.#join();
  }

  connect(connections: StdioConnections): void {
    if (this.#connections !== undefined || this.#closed) {
      dropConnections(connections, this.#calls);
      return;
    }
    this.#connections = connections;
    this.#join();
  }

  async drained(): Promise<void> {
    await this.#output?.settled;
    this.close();
  }

  resize(columns: number, rows: number): void {
    if (this.#control === undefined) throw failedPrecondition("the terminal is closed; cannot resize it");
    this.#calls.setWindowSize(this.#control, columns, rows);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#control !== undefined) this.#calls.closeFd(this.#control);
    this.#control = undefined;
    if (this.#output !== undefined) {
      this.#input?.destroy();
      this.#output.destroy();
      return;
    }
    if (this.#master !== undefined) this.#calls.closeFd(this.#master);
    if (this.#connections !== undefined) dropConnections(this.#connections, this.#calls);
  }

  #join(): void {
    const connections = this.#connections;
    if (this.#master === undefined || connections === undefined) return;
    const terminal = duplexHalves(this.#calls.adopt(this.#master, "pty", "both"));
    if (connections.stdin === undefined) terminal.writer.open({ data() {}, end() {}, drain() {}, close() {} });
    else this.#input = new InputRelay(streamOf(this.#calls, connections.stdin, "read"), terminal.writer);
    const sink = connections.stdout && streamOf(this.#calls, connections.stdout, "write");
    this.#output = new OutputRelay(terminal.reader, sink);
    dropConnections({ stderr: connections.stderr }, this.#calls);
  }
}
