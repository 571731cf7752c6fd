import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGcs, type Gcs, type GcsOptions } from "../../src/gcs/gcs.ts";
import { turns } from "../../src/transport/byte-stream-suite.ts";
import { GuestMux } from "../../src/transport/mux/guest-mux.ts";
import { HostMux } from "../../src/transport/mux/host-mux.ts";
import type { SaveOptions, VMExit } from "../../src/vmmanager/lifetime.ts";
import type { UvmProperties, UvmStatistics } from "../../src/vmmanager/properties.ts";
import { notSupported, type Operation, type Resource } from "../../src/vmmanager/support.ts";
import { UnsupportedDevices } from "../../src/vmmanager/unsupported.ts";
import type { RestoredConnection, Stack, UtilityVM, UvmOptions } from "../../src/vmmanager/uvm.ts";
import { VirtualPort } from "./virtual-port.ts";

/**
 * A guest that outlives its hosts: the gcs with real runc in this process, behind a port and a mux as a VM's. While it is
 * "saved" its port is frozen, and nobody is connected; its containers run on.
 */
export class CarriedGuest {
  readonly port = new VirtualPort();
  readonly gcs: Gcs;
  readonly #mux = new GuestMux();
  readonly #stop = new AbortController();
  readonly #over: Promise<unknown>;

  constructor(options: Omit<GcsOptions, "sockets">) {
    this.gcs = createGcs({ ...options, sockets: this.#mux.sockets });
    this.#over = Promise.all([this.gcs.run({ signal: this.#stop.signal }), this.#serve()]);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#mux.destroy();
    this.port.close();
    await this.#over;
  }

  /** Says `local`, as its guest sees the host's paths; its stdio are streams all the same. */
  stack(faults: { save?: () => Promise<void>; load?: () => void } = {}): Stack {
    return {
      name: "local",
      create: async (options) => new CarriedUvm(this, options, new HostMux(), faults),
      restore: async (options, { directory }) => {
        faults.load?.();
        const state: unknown = JSON.parse(readFileSync(join(directory, "vm.json"), "utf8"));
        return new CarriedUvm(this, options, new HostMux(state), faults);
      },
    };
  }

  async #serve(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#mux.attach(this.port.openGuest());
      await turns(1);
    }
  }
}

export class CarriedUvm extends UnsupportedDevices implements UtilityVM {
  readonly id: string;
  readonly stack = "local";
  readonly os = "linux";
  readonly restored: readonly RestoredConnection[];
  readonly #guest: CarriedGuest;
  readonly #mux: HostMux;
  readonly #faults: { save?: () => Promise<void> };
  #end: (exit: VMExit) => void = () => undefined;
  readonly #exited = new Promise<VMExit>((resolve) => {
    this.#end = resolve;
  });
  #attached = false;

  constructor(guest: CarriedGuest, options: UvmOptions, mux: HostMux, faults: { save?: () => Promise<void> }) {
    super();
    this.id = options.id;
    this.#guest = guest;
    this.#mux = mux;
    this.#faults = faults;
    this.restored = mux.restored.map(({ port, stream }) => ({ port, stream }));
  }

  get sockets() {
    return this.#mux.sockets;
  }

  supported(resource: Resource, operation: Operation): boolean {
    return resource === "lifetime" && operation !== "create";
  }

  hostPid(guestPid: number): number {
    return guestPid;
  }

  guestPath(hostPath: string): string {
    return hostPath;
  }

  async start(): Promise<void> {
    this.#go();
  }

  async pause(): Promise<void> {
    this.#guest.port.freeze();
  }

  async resume(): Promise<void> {
    for (const { port, stream } of this.restored) if (port === 0x40000000) stream.destroy();
    this.#mux.resume();
    this.#go();
  }

  async save({ directory }: SaveOptions): Promise<void> {
    this.#mux.suspend();
    const text = JSON.stringify(this.#mux.saveState());
    await this.#faults.save?.();
    writeFileSync(join(directory, "vm.json"), text);
  }

  async statistics(): Promise<UvmStatistics> {
    throw notSupported(this.stack, "statistics", "read");
  }

  async properties(): Promise<UvmProperties> {
    return { state: "running", details: {} };
  }

  /** The host's side alone: nobody kills this guest but `CarriedGuest.close`. */
  async terminate(): Promise<void> {
    this.#guest.port.disconnectHost();
    this.#mux.destroy();
    this.#end({ exitedAt: new Date() });
  }

  wait(): Promise<VMExit> {
    return this.#exited;
  }

  close(): Promise<void> {
    return this.terminate();
  }

  #go(): void {
    this.#guest.port.thaw();
    if (this.#attached) return;
    this.#attached = true;
    void this.#mux.attach(this.#guest.port.connectHost());
  }
}
