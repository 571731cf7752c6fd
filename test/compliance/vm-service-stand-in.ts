import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runtime } from "#runtime";
import { ShimError } from "../../src/errors/shim-error.ts";
import {
  type CreateVMRequest,
  CapabilitiesVMResponseSupportedGuestOS as GuestOS,
  CapabilitiesVMResponseResource as Resource,
  VM,
  VmState,
} from "../../src/generated/vmservice.ts";
import type { ByteStream } from "../../src/sys/byte-stream.ts";
import { Server } from "../../src/ttrpc/server.ts";
import { serve } from "../../src/ttrpc/socket.ts";
import { deferred } from "../../src/ttrpc/testing.ts";

/**
 * A VM service without a VM, on a socket, for units of its client alone: it keeps a VM's state by OpenVMM's rules (reference:
 * remotevm, 6.3), with their words, and logs each call. `faults[call]` runs before it: it may throw, or never settle.
 */
export class VmServiceStandIn {
  readonly directory = mkdtempSync(join(tmpdir(), "uvm-vmservice-"));
  readonly socketPath = join(this.directory, "s");
  readonly log: string[] = [];
  readonly faults: Record<string, () => unknown> = {};
  state: VmState = VmState.Uninitialized;
  request: CreateVMRequest | undefined;
  /** What it plugs by: LUNs, ports. */
  readonly plugged = new Set<string>();
  hasStatistics = false;
  guests: readonly GuestOS[] = [GuestOS.Linux];
  console: ByteStream | undefined;
  readonly #server = new Server();
  #halt: string | undefined;
  #waiter: ReturnType<typeof deferred<void>> | undefined;

  async listen(): Promise<this> {
    this.#server.register(VM, {
      createVM: (request) => this.#answer("create", () => this.#create(request)),
      teardownVM: () =>
        this.#answer("teardown", () => {
          this.#need();
          this.state = VmState.Uninitialized;
          this.plugged.clear();
          this.console?.destroy();
          this.#waiter?.reject(unknown("VM torn down"));
        }),
      pauseVM: () =>
        this.#answer("pause", () => {
          this.#need();
          this.state = VmState.Paused;
        }),
      resumeVM: () =>
        this.#answer("resume", () => {
          this.#need();
          this.state = VmState.Running;
        }),
      waitVM: () =>
        this.#answer("wait", () => {
          this.#need();
          if (this.#waiter !== undefined) throw unknown("wait VM already in flight");
          this.#waiter = deferred();
          return this.#waiter.promise;
        }),
      capabilitiesVM: () =>
        this.#answer("capabilities", () => undefined).then(() => ({
          supportedResources: [{ resource: Resource.Scsi, Add: true, Remove: true, Update: false }],
          supportedGuestOs: [...this.guests],
        })),
      propertiesVM: () =>
        this.#answer("properties", () => undefined).then(() => ({
          state: this.state,
          haltReason: this.#halt,
          ...(this.hasStatistics && {
            memoryStats: { workingSetBytes: 1n, assignedMemory: 2n << 20n, availableMemory: 0n, reservedMemory: 0n },
            processorStats: { totalRuntimeNs: 7n },
          }),
        })),
      modifyResource: ({ type, scsiDisk }) =>
        this.#answer(`disk ${type === 0 ? "add" : "remove"} ${scsiDisk?.lun} ${scsiDisk?.hostPath}`, () =>
          this.#plug(`lun ${scsiDisk?.lun}`, type === 0),
        ),
      addPcieDevice: ({ portName, device }) => {
        const { virtio, vfio } = device ?? {};
        const what = virtio?.net ? `net ${virtio.net.macAddress}` : `vfio ${vfio?.hostPciAddress}`;
        return this.#answer(`add ${portName} ${what}`, () => this.#plug(portName, true));
      },
      removePcieDevice: ({ portName }) => this.#answer(`remove ${portName}`, () => this.#plug(portName, false)),
      quit: () => this.#answer("quit", () => undefined),
    });
    await serve(this.#server, { path: this.socketPath });
    return this;
  }

  /** The guest ends by itself. */
  halt(reason: string): void {
    this.state = VmState.Halted;
    this.#halt = reason;
    this.#waiter?.resolve();
  }

  async close(): Promise<void> {
    this.console?.destroy();
    this.#server.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #create(request: CreateVMRequest): Promise<void> {
    if (this.state !== VmState.Uninitialized) throw unknown("VM already created");
    const [serial] = request.config?.serialConfig?.ports ?? [];
    if (serial?.connect === true) {
      this.console = await runtime.connect(serial.socketPath);
      this.console.open({ data() {}, end() {}, drain() {}, close() {} });
    }
    this.request = request;
    this.state = VmState.Paused;
    this.#waiter = undefined;
  }

  #plug(place: string, add: boolean): void {
    this.#need();
    if (add === this.plugged.has(place)) throw unknown(add ? `${place} is already in use` : `${place} not found`);
    if (add) this.plugged.add(place);
    else this.plugged.delete(place);
  }

  #need(): void {
    if (this.state === VmState.Uninitialized) throw unknown("VM not created yet");
  }

  async #answer(call: string, work: () => void | Promise<void>): Promise<Record<never, never>> {
    this.log.push(call);
    await this.faults[call.split(" ")[0] ?? ""]?.();
    await work();
    return {};
  }
}

/** As the service tells all that goes wrong. */
export function unknown(words: string): ShimError {
  return new ShimError("unknown", words);
}
