import { assertNever, ShimError } from "../../errors/shim-error.ts";
import { silentLogger } from "../../log/logger.ts";
import type { HostSockets } from "../../transport/sockets.ts";
import { findProgram } from "../../vmmanager/find-program.ts";
import type { CallOptions } from "../../vmmanager/lifetime.ts";
import { spawnVmProcess } from "../../vmmanager/spawn-vm-process.ts";
import { chooseAccelerator } from "../../vmmanager/stacks/qemu/accelerator.ts";
import { SerialChannel } from "../../vmmanager/stacks/qemu/channel/serial.ts";
import { commandLine } from "../../vmmanager/stacks/qemu/command-line.ts";
import type { DeviceSettings } from "../../vmmanager/stacks/qemu/devices/context.ts";
import { FIRST_FREE } from "../../vmmanager/stacks/qemu/devices/hardware.ts";
import type { Virtiofsd } from "../../vmmanager/stacks/qemu/devices/virtiofsd.ts";
import { checkSizing, type UvmDocument } from "../../vmmanager/stacks/qemu/document.ts";
import { bootFilesOf } from "../../vmmanager/stacks/qemu/process.ts";
import { QemuHost } from "../../vmmanager/stacks/qemu/qemu-host.ts";
import type { VmEndedError } from "../../vmmanager/stacks/qemu/vm-end.ts";
import type { Configuration, Device } from "../configuration.ts";
import type { ManagerOptions } from "../manager-options.ts";
import type { AttachContext } from "./context.ts";
import { attachDisk } from "./disks.ts";
import { attachNic } from "./nics.ts";
import { attachShare } from "./shares.ts";

export interface MachineOptions {
  readonly id: string;
  /** Of its own run-time files; who made it clears it up. */
  readonly directory: string;
  readonly host: ManagerOptions;
  readonly configuration: Configuration;
  /** The last of the kernel's command line. */
  readonly kernelArguments: readonly string[];
  readonly onConsole?: (chunk: Uint8Array) => void;
}

/** A QEMU with all its devices, which stands before its first instruction until `run`. */
export class Machine {
  /** The host's end of the guest channel. */
  readonly sockets: HostSockets;
  /** How it ended, once everything that went over the channel has been told so. Never rejects. */
  readonly ended: Promise<VmEndedError>;
  readonly #qemu: QemuHost;
  readonly #virtiofsds: Virtiofsd[] = [];
  #closed = false;

  private constructor(qemu: QemuHost) {
    if (qemu.port === undefined) throw new ShimError("internal", "QEMU was started without a port");
    const channel = new SerialChannel(qemu.monitor.qmp, qemu.port);
    this.#qemu = qemu;
    this.sockets = channel.sockets;
    this.ended = qemu.ended.then((error) => {
      channel.destroy(error);
      qemu.monitor.close();
      return error;
    });
  }

  /** Nothing runs any more if it fails. */
  static async start(options: MachineOptions, call: Required<CallOptions>): Promise<Machine> {
    const { id, directory, host, configuration, kernelArguments, onConsole } = options;
    const { log = silentLogger, image } = host;
    const uvm = { id, stateDirectory: directory };
    const document = documentOf(options);
    const { accelerator, sizing } = document;
    checkSizing(id, sizing);
    const mend = "install QEMU (Debian: qemu-system-x86) or name it in the manager's options";
    const binary = findProgram(host.qemu ?? "qemu-system-x86_64", mend);
    const setpriv = findProgram("setpriv", "install util-linux 2.33 or later");
    const virtiofsdProgram = host.virtiofsd ?? "/usr/lib/qemu/virtiofsd";
    if (configuration.devices.some(({ kind }) => kind === "share")) {
      findProgram(virtiofsdProgram, "install it (Debian 12: qemu-system-common) or name it in the manager's options");
    }
    const settings: DeviceSettings = {
      ...{ id, stateDirectory: directory, sizing, accelerator, virtiofsdProgram, setpriv, log },
      spawn: (what, argv, stdio) => spawnVmProcess(uvm, what, argv, stdio),
    };
    const argv = commandLine({ ...document, kernelArguments }, { id });
    const process = { uvm, binary, setpriv, accelerator, boot: bootFilesOf(image), argv, log };
    const machine = new Machine(await QemuHost.start(process, call));
    if (onConsole !== undefined) machine.#qemu.console.attach(onConsole);
    try {
      const context = { monitor: machine.#qemu.monitor, settings, directory, signal: call.signal };
      for (const [i, device] of configuration.devices.entries()) await machine.#attach(device, FIRST_FREE + i, context);
      return machine;
    } catch (error) {
      await machine.close();
      call.signal.throwIfAborted();
      throw error;
    }
  }

  /** The guest's console, its last lines. */
  consoleTail(count: number): readonly string[] {
    return this.#qemu.console.tail(count);
  }

  async run(call: Required<CallOptions>): Promise<void> {
    await this.#qemu.monitor.qmp.execute("cont", undefined, call);
  }

  /** Ends it, whatever its guest does. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#qemu.kill();
    await this.ended;
    await Promise.all(this.#virtiofsds.map((each) => each.stop()));
  }

  async #attach(device: Device, slot: number, context: AttachContext): Promise<void> {
    switch (device.kind) {
      case "share":
        return attachShare(device, slot, context, (virtiofsd) => this.#watch(device.tag, virtiofsd, context));
      case "disk":
        return attachDisk(device, slot, context);
      case "nic":
        return attachNic(device, slot, context);
      default:
        return assertNever(device);
    }
  }

  #watch(share: string, virtiofsd: Virtiofsd, { settings: { log } }: AttachContext): void {
    this.#virtiofsds.push(virtiofsd);
    void virtiofsd.exited.then(({ code }) => {
      if (this.#closed || this.#qemu.isGone) return;
      log.error("virtiofsd has ended: a directory share of the VM hangs", { share, code, said: virtiofsd.words });
    });
  }
}

function documentOf({ host, configuration: { processors, memoryMiB } }: MachineOptions): UvmDocument {
  const { accelerator } = chooseAccelerator(host.accel ?? "auto");
  const sizing = { processors, maxProcessors: processors, memoryMiB, maxMemoryMiB: memoryMiB };
  return { accelerator, machine: "pc", sizing, kernelArguments: [] };
}
