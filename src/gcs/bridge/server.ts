import { failedPrecondition } from "../../errors/shim-error.ts";
import { type Logger, silentLogger } from "../../log/logger.ts";
import type { GcsGuestCapabilities } from "../../prot/messages/negotiate-protocol.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import type { GcsHost } from "../host.ts";
import { BridgeConnection } from "./connection.ts";
import { ExitNotifications } from "./exit-notifications.ts";

export interface BridgeServerOptions {
  readonly host: GcsHost;
  readonly log?: Logger;
  /** What differs from the default: all that this server can do. */
  readonly capabilities?: Partial<GcsGuestCapabilities>;
}

const ALL: GcsGuestCapabilities = {
  namespaceAddRequestSupported: true,
  signalProcessSupported: true,
  dumpStacksSupported: true,
  deleteContainerStateSupported: true,
  updateContainerSupported: false,
  logForwardingSupported: false,
  hostProcessContainerSupported: false,
  initStdioSupported: true,
  freezerSupported: true,
  signalAllSupported: true,
  cgroupV2MetricsSupported: true,
  resumeSupported: true,
  processorsSupported: true,
  outOfMemoryNotificationsSupported: true,
  podSupported: true,
};

/** The guest's side of the bridge. Containers, and exits that were not told yet, outlive a connection; negotiation doesn't. */
export class BridgeServer {
  readonly #options: BridgeServerOptions;
  readonly #log: Logger;
  readonly #exits = new ExitNotifications();
  #connection: BridgeConnection | undefined;
  #closed: Promise<void> = Promise.resolve();

  constructor(options: BridgeServerOptions) {
    this.#options = options;
    this.#log = options.log ?? silentLogger;
    options.host.onContainerExit((exit) => this.#exits.exited(exit));
    options.host.onOutOfMemory((containerId) => this.#exits.outOfMemory(containerId));
  }

  /**
   * Serves one host until the stream ends. Resolves then, with the reason unless it was an orderly end; may be called
   * again with the next stream. Throws failed-precondition while another connection is served.
   */
  async serve(stream: ByteStream): Promise<Error | undefined> {
    if (this.#connection !== undefined) {
      stream.destroy();
      throw failedPrecondition(
        "the bridge server is connected; cannot serve a second host: close the first connection",
      );
    }
    const connection = new BridgeConnection(stream, {
      host: this.#options.host,
      exits: this.#exits,
      capabilities: { ...ALL, ...this.#options.capabilities },
      log: this.#log,
    });
    this.#connection = connection;
    this.#closed = connection.closed;
    const reason = await connection.ended;
    this.#connection = undefined;
    if (reason !== undefined) this.#log.warn("bridge connection ended", { error: reason.message });
    return reason;
  }

  /** Ends the connection that is served, if any. Resolves when the host has ended it too: it has all that was answered. */
  close(): Promise<void> {
    this.#connection?.close();
    return this.#closed;
  }
}
