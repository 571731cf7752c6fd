import type { ByteStream } from "../../../../sys/byte-stream.ts";
import { HostMux } from "../../../../transport/mux/host-mux.ts";
import type { MuxState } from "../../../../transport/mux/state.ts";
import type { HostSockets } from "../../../../transport/sockets.ts";
import type { RestoredConnection } from "../../../uvm.ts";
import type { QmpClient } from "../qmp/client.ts";
import type { GuestChannel } from "./channel.ts";

/** The mux over a virtio-serial port: needs nothing of the host, and goes on after a save. */
export class SerialChannel implements GuestChannel {
  readonly sockets: HostSockets;
  readonly restored: readonly RestoredConnection[];
  readonly unsaveable = undefined;
  readonly #mux: HostMux;
  readonly #port: ByteStream;
  #attached = false;
  #ended = false;

  /** `port`: not opened yet. */
  constructor(qmp: QmpClient, port: ByteStream, mux = new HostMux()) {
    this.sockets = mux.sockets;
    this.restored = mux.restored.map(({ port, stream }) => ({ port, stream }));
    this.#mux = mux;
    this.#port = port;
    // Before the guest has opened its port, what is said to it only piles up.
    qmp.on("VSERPORT_CHANGE", ({ id, open }) => {
      if (id === "gcs" && open) this.#attach();
    });
  }

  saveState(): MuxState {
    this.#mux.suspend();
    return this.#mux.saveState();
  }

  resume(): void {
    for (const { stream } of this.restored) destroyIfUnopened(stream);
    this.#mux.resume();
    this.#attach();
  }

  destroy(error: Error): void {
    this.#ended = true;
    this.#mux.destroy(error);
    this.#port.destroy();
  }

  #attach(): void {
    if (this.#attached || this.#ended) return;
    this.#attached = true;
    // A mux that has ended (the guest broke its rules) has told so to its channels.
    void this.#mux.attach(this.#port);
  }
}

/** Nobody took it. */
function destroyIfUnopened(stream: ByteStream): void {
  try {
    stream.open({ data: () => undefined, end: () => undefined, drain: () => undefined, close: () => undefined });
  } catch {
    return;
  }
  stream.destroy();
}
