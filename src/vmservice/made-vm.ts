import { alreadyExists, failedPrecondition, notFound, ShimError } from "../errors/shim-error.ts";
import type { CallOptions, VMExit } from "../vmmanager/lifetime.ts";
import type { UvmStatistics } from "../vmmanager/properties.ts";
import type { UtilityVM } from "../vmmanager/uvm.ts";
import { guestDials, refuseHostDials } from "./hybrid-vsock.ts";
import type { AdapterPlan, Attachment, PortPlan, VmPlan } from "./plan.ts";
import type { VmServicePorts } from "./ports.ts";
import { notDone } from "./refusals.ts";
import { SerialRelay } from "./serial-relay.ts";

/** A VM that was made from its plan: its devices by the names that clients know them by. */
export class MadeVm {
  readonly uvm: UtilityVM;
  readonly #ports: VmServicePorts;
  readonly #pcie: Map<string, { readonly hotplug: boolean; attached: Attachment | undefined }>;
  readonly #open: { close(): void }[] = [];
  #processors: number;
  #vpmem = 0;
  #started = false;

  private constructor(uvm: UtilityVM, plan: VmPlan, ports: VmServicePorts) {
    this.uvm = uvm;
    this.#ports = ports;
    this.#processors = plan.sizing.processors;
    this.#pcie = new Map(plan.ports.map(({ name, hotplug }) => [name, { hotplug, attached: undefined }]));
  }

  /** With all its devices, before its first instruction. Nothing is left of it on failure. */
  static async create(id: string, plan: VmPlan, ports: VmServicePorts, call: CallOptions): Promise<MadeVm> {
    const { stateDirectory, log } = ports;
    const uvm = await ports.createUvm({ id, stateDirectory, sizing: plan.sizing }, plan, call);
    const vm = new MadeVm(uvm, plan, ports);
    try {
      await vm.#equip(plan, call);
      return vm;
    } catch (error) {
      await vm.close().catch((leak) => log.error(`vm ${id} is left behind in parts`, { error: leak }));
      throw error;
    }
  }

  async #equip({ disks, vpmem, adapters, ports, serial, vsock }: VmPlan, call: CallOptions): Promise<void> {
    const { sockets, console } = this.uvm;
    if (vsock !== undefined) {
      if (sockets.onUnclaimed === undefined)
        throw notDone("config.hvsocket_config", "the stack's guest channel has none");
      sockets.onUnclaimed(guestDials(vsock, this.#ports.log));
      this.#open.push(await refuseHostDials(vsock.path));
    }
    if (serial !== undefined) {
      if (console?.attach === undefined) throw notDone("config.serial_config", "the stack has no console");
      this.#open.push(await SerialRelay.start((onBytes) => attachTo(console, onBytes), serial));
    }
    for (const disk of disks) await this.uvm.addScsiDisk(disk, call);
    for (const path of vpmem) await this.addVpmem(path, call);
    for (const adapter of adapters) await this.addAdapter(adapter, call);
    for (const port of ports) await this.#occupy(port, call);
  }

  async #occupy({ name, attached }: PortPlan, call: CallOptions): Promise<void> {
    if (attached !== undefined) await this.#attach(name, attached, call);
  }

  /** Boots it the first time, and lets it go on after that. */
  async resume(call: CallOptions): Promise<void> {
    await (this.#started ? this.uvm.resume(call) : this.uvm.start(call));
    this.#started = true;
  }

  async addAdapter({ id, macAddress, tap }: AdapterPlan, call: CallOptions): Promise<void> {
    const fd = this.#tap(tap, id);
    await this.uvm.addNetworkAdapter({ id, macAddress, backend: { kind: "tap", fd } }, call);
  }

  /** On the next device, which are never taken out. */
  async addVpmem(hostPath: string, call: CallOptions): Promise<void> {
    await this.uvm.addVpmemDevice({ deviceNumber: this.#vpmem, hostPath, readOnly: true }, call);
    this.#vpmem++;
  }

  /** The one after those that it has. */
  async addProcessor(index: number, call: CallOptions): Promise<void> {
    if (index !== this.#processors) {
      throw failedPrecondition(
        `the VM has processors 0 to ${this.#processors - 1}; cannot add ${index}: add ${this.#processors} next`,
      );
    }
    await this.uvm.updateProcessors(index + 1, call);
    this.#processors = index + 1;
  }

  async plug(port: string, attachment: Attachment, call: CallOptions): Promise<void> {
    const place = this.#hotplugPort(port);
    if (place.attached !== undefined) {
      throw alreadyExists(`PCIe port ${port} is taken; cannot attach a device there: remove what is there first`);
    }
    await this.#attach(port, attachment, call);
  }

  async unplug(port: string, call: CallOptions): Promise<void> {
    const place = this.#hotplugPort(port);
    const { attached } = place;
    if (attached === undefined) throw notFound(`PCIe port ${port} holds no device; cannot remove it`);
    switch (attached.kind) {
      case "adapter":
        await this.uvm.removeNetworkAdapter(attached.adapter.id, call);
        break;
      case "pci":
        await this.uvm.removePciDevice(port, call);
        break;
      case "root":
      case "vsock":
        throw failedPrecondition(`the device behind PCIe port ${port} stays as long as its VM; cannot remove it`);
    }
    place.attached = undefined;
  }

  statistics(call: CallOptions): Promise<UvmStatistics> {
    return this.uvm.statistics(call);
  }

  exited(): Promise<VMExit> {
    return this.uvm.wait();
  }

  /** Ends it. What it says last is still relayed. */
  async close(): Promise<void> {
    try {
      await this.uvm.close();
    } finally {
      for (const each of this.#open.splice(0)) each.close();
    }
  }

  /** The port is taken at once: two callers can't both have it. */
  async #attach(port: string, attachment: Attachment, call: CallOptions): Promise<void> {
    const place = this.#pcie.get(port);
    if (place !== undefined) place.attached = attachment;
    try {
      if (attachment.kind === "adapter") await this.addAdapter(attachment.adapter, call);
      if (attachment.kind === "pci") await this.uvm.addPciDevice({ id: port, address: attachment.address }, call);
    } catch (error) {
      if (place !== undefined) place.attached = undefined;
      throw error;
    }
  }

  #hotplugPort(port: string) {
    const place = this.#pcie.get(port);
    if (place === undefined) {
      const names = [...this.#pcie.keys()].join(" ") || "none";
      throw notFound(`PCIe port ${port} is not in the VM's topology, which has ${names}`);
    }
    if (!place.hotplug) throw failedPrecondition(`PCIe port ${port} has no hotplug; cannot change what is behind it`);
    return place;
  }

  #tap({ kind, name }: AdapterPlan["tap"], id: string): number {
    if (kind === "fd-name") {
      const fd = this.#ports.registeredFd(name);
      if (fd === undefined) throw notFound(`no descriptor is registered as ${name}; cannot add adapter ${id}`);
      return fd;
    }
    try {
      return this.#ports.openTap(name);
    } catch (error) {
      const { message } = ShimError.from(error);
      throw failedPrecondition(`tap ${name} can't be opened; cannot add adapter ${id}: ${message}`, error);
    }
  }
}

function attachTo(console: NonNullable<UtilityVM["console"]>, onBytes: (chunk: Uint8Array) => void) {
  const terminal = console.attach?.(onBytes);
  if (terminal === undefined) throw new ShimError("internal", "the console was there and is gone");
  return terminal;
}
