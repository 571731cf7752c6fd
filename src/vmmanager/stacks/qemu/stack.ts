import { failedPrecondition, ShimError } from "../../../errors/shim-error.ts";
import { type Logger, silentLogger } from "../../../log/logger.ts";
import { close } from "../../../sys/libc.ts";
import { HostMux } from "../../../transport/mux/host-mux.ts";
import { findProgram } from "../../find-program.ts";
import type { CallOptions } from "../../lifetime.ts";
import type { UvmSizing } from "../../sizing.ts";
import { spawnVmProcess } from "../../spawn-vm-process.ts";
import type { Stack, UtilityVM, UvmOptions } from "../../uvm.ts";
import { type Accelerator, chooseAccelerator } from "./accelerator.ts";
import type { GuestChannel } from "./channel/channel.ts";
import { SerialChannel } from "./channel/serial.ts";
import { VsockChannel } from "./channel/vsock.ts";
import { commandLine, firstExtraFd } from "./command-line.ts";
import type { ServedDirectory } from "./devices/context.ts";
import { deviceArguments } from "./devices/device-arguments.ts";
import type { QemuDevicesOptions } from "./devices/devices.ts";
import { checkSizing, type UvmDocument } from "./document.ts";
import { type BootFiles, bootFilesOf, openImage } from "./process.ts";
import { QemuHost } from "./qemu-host.ts";
import { QemuUvm } from "./qemu-uvm.ts";
import { withDisks } from "./saved-hardware.ts";
import { loadState, readSavedState } from "./saved-state.ts";
import { type Template, type TemplateOptions, Templates } from "./template/templates.ts";

export interface QemuStackOptions {
  /** Paths, or names on PATH. */
  readonly binary?: string;
  readonly virtiofsd?: string;
  readonly setpriv?: string;
  /** Directory of the guest's kernel and root file system (docs/uvm-image.md). */
  readonly image: string;
  /** In place of the image's files. Such a VM can't be saved. */
  readonly boot?: BootFiles;
  /** A VM of it has this in place of shares. */
  readonly directory?: ServedDirectory;
  /** `auto` (default): KVM where it works, else emulation, which the log tells. */
  readonly accel?: "auto" | Accelerator;
  /** `serial` (default): survives a save. `vsock`: where the host has it; of restored VMs never. */
  readonly channel?: "serial" | "vsock";
  /** Of a UVM whose options have none. */
  readonly sizing?: UvmSizing;
  /** QEMU's machine type: "pc" or a version of it. */
  readonly machine?: string;
  /** Added to the guest kernel's command line. */
  readonly kernelArguments?: readonly string[];
  /** Make VMs of templates (docs/vm-template.md); undefined: boot each. Not with `vsock` or `boot`. */
  readonly templates?: TemplateOptions;
  readonly log?: Logger;
}

export const defaultSizing: UvmSizing = { processors: 1, maxProcessors: 4, memoryMiB: 256, maxMemoryMiB: 4096 };

/**
 * VMs in QEMU processes (reference: qemu). `create` fails for all that can be known beforehand: not-found (a program or
 * the image is not there), invalid-argument (a size that can't be), failed-precondition (KVM is wanted and can't be used).
 */
export function createQemuStack(stack: QemuStackOptions): Stack {
  const { log = silentLogger } = stack;
  let told = false;
  const accelerator = (wanted = stack.accel ?? "auto"): Accelerator => {
    const { accelerator, fallback } = chooseAccelerator(wanted);
    if (fallback !== undefined && !told) {
      told = true;
      log.info(`VMs run by software emulation (TCG), slower and as isolated: ${fallback}`);
    }
    return accelerator;
  };

  const qemu = (): string =>
    findProgram(
      stack.binary ?? "qemu-system-x86_64",
      "install QEMU (Debian: qemu-system-x86) or name it in the configuration",
    );

  const launch = (
    uvm: UvmOptions,
    document: UvmDocument,
    call: CallOptions | undefined,
    incoming?: { readonly devices: readonly string[]; readonly extraFds: readonly number[] },
    vsock?: VsockChannel,
  ): Promise<QemuHost> => {
    const binary = qemu();
    const setpriv = findProgram(stack.setpriv ?? "setpriv", "install util-linux 2.33 or later");
    const boot = stack.boot ?? bootFilesOf(stack.image);
    const argv = commandLine(document, {
      ...{ id: uvm.id, ...(incoming && { incoming: true, devices: incoming.devices }) },
      ...(vsock && { vsock: vsock.device }),
      boot: { initrd: boot.initrd !== undefined, root: boot.root !== undefined },
    });
    const extraFds = incoming?.extraFds ?? [];
    return QemuHost.start(
      {
        ...{ uvm, binary, setpriv, accelerator: document.accelerator, boot, argv, extraFds, log },
        ...(vsock && { vsock: vsock.deviceFd }),
      },
      call,
    );
  };

  const devicesOf = (uvm: UvmOptions, { sizing, accelerator }: UvmDocument): QemuDevicesOptions => ({
    ...{ id: uvm.id, stateDirectory: uvm.stateDirectory, sizing, accelerator, log },
    virtiofsdProgram: stack.virtiofsd ?? "/usr/lib/qemu/virtiofsd",
    setpriv: stack.setpriv ?? "setpriv",
    ...(stack.directory && { directory: stack.directory }),
    spawn: (what, argv, stdio) => spawnVmProcess(uvm, what, argv, stdio),
  });

  const launchWithChannel = async (
    uvm: UvmOptions,
    document: UvmDocument,
    call: CallOptions | undefined,
  ): Promise<{ host: QemuHost; channel: GuestChannel }> => {
    if (stack.channel !== "vsock") {
      const host = await launch(uvm, document, call);
      return { host, channel: serialChannel(host) };
    }
    const channel = VsockChannel.open(uvm.id, log);
    try {
      return { host: await launch(uvm, document, call, undefined, channel), channel };
    } catch (error) {
      channel.destroy(ShimError.from(error));
      throw error;
    } finally {
      // QEMU's copy is what the CID lives by.
      close(channel.deviceFd);
    }
  };

  /** What made it fail is what is told. */
  const closeFailed = (uvm: UtilityVM): Promise<void> =>
    uvm.close().catch((error) => log.error(`vm ${uvm.id} is left behind in parts`, { error }));

  const boot = async (options: UvmOptions, document: UvmDocument, call: CallOptions | undefined): Promise<QemuUvm> => {
    const { host, channel } = await launchWithChannel(options, document, call);
    const devices = devicesOf(options, document);
    const image = stack.boot === undefined ? stack.image : undefined;
    return new QemuUvm({ options, devices, document, image, host, channel, origin: "boot" });
  };

  const clone = async (
    options: UvmOptions,
    { key, directory, saved }: Template,
    templates: Templates,
    call: CallOptions | undefined,
  ): Promise<QemuUvm> => {
    const { document } = saved;
    const host = await launch(options, document, call, { devices: [], extraFds: [] });
    // A session of its own: the guest drops what it had with the template's host.
    const mux = new HostMux();
    const unanswered = (error: Error): void => templates.refuse(key, error);
    const origin = { established: mux.established, unanswered };
    const [channel, devices] = [serialChannel(host, mux), devicesOf(options, document)];
    const uvm = new QemuUvm({ options, devices, document, image: stack.image, host, channel, origin });
    try {
      await loadState(host.monitor, directory, saved, call ?? {});
      return uvm;
    } catch (error) {
      await closeFailed(uvm);
      throw error;
    }
  };

  /** Undefined where it has to be booted, which the log has told. */
  const fromTemplate = async (
    options: UvmOptions,
    document: UvmDocument,
    call: CallOptions | undefined,
  ): Promise<QemuUvm | undefined> => {
    if (stack.templates === undefined || stack.boot !== undefined) return undefined;
    if (stack.channel === "vsock") {
      log.info(`vm ${options.id} is booted: with vsock there are no templates`);
      return undefined;
    }
    const templates = new Templates(stack.templates, { binary: qemu(), image: stack.image }, log);
    // Of nobody's network, and without the pod's shares.
    const { id, stateDirectory, cgroup, oomScoreAdj } = options;
    const own = { id, stateDirectory, ...(cgroup && { cgroup }), ...(oomScoreAdj !== undefined && { oomScoreAdj }) };
    const template = await templates.of(document, (limit) => boot(own, document, limit), call);
    if (template === undefined) return undefined;
    try {
      return await clone(options, template, templates, call);
    } catch (cause) {
      call?.signal?.throwIfAborted();
      templates.refuse(template.key, ShimError.from(cause));
      return undefined;
    }
  };

  return {
    name: "qemu",

    async create(options, call): Promise<UtilityVM> {
      call?.signal?.throwIfAborted();
      const sizing = options.sizing ?? stack.sizing ?? defaultSizing;
      checkSizing(options.id, sizing);
      const document = {
        accelerator: accelerator(),
        machine: stack.machine ?? "pc",
        sizing,
        kernelArguments: stack.kernelArguments ?? [],
      };
      const uvm = (await fromTemplate(options, document, call)) ?? (await boot(options, document, call));
      try {
        // Before the guest's first instruction: it boots with the device.
        if (options.shares || stack.directory !== undefined) await uvm.prepareShares(call);
        return uvm;
      } catch (error) {
        await closeFailed(uvm);
        throw error;
      }
    },

    async restore(options, { directory, adapterFds = new Map(), disks }, call): Promise<UtilityVM> {
      try {
        call?.signal?.throwIfAborted();
        // A missing image is to be told as such.
        close(openImage(bootFilesOf(stack.image).root));
        const saved = await readSavedState(directory, stack.image);
        const { document } = saved;
        const hardware = disks === undefined ? saved.hardware : withDisks(saved.hardware, disks, directory);
        if (accelerator(document.accelerator) !== document.accelerator) {
          throw failedPrecondition(`saved state ${directory} needs accelerator ${document.accelerator}`);
        }
        const mux = new HostMux(saved.mux);
        const numbers = new Map([...adapterFds.keys()].map((id, i) => [id, firstExtraFd + i]));
        const incoming = { devices: deviceArguments(hardware, numbers), extraFds: [...adapterFds.values()] };
        const host = await launch(options, document, call, incoming);
        const devices = { ...devicesOf(options, document), hardware };
        const channel = serialChannel(host, mux);
        const uvm = new QemuUvm({ options, devices, document, image: stack.image, host, channel, origin: "saved" });
        try {
          await uvm.restoreDisks(call);
          await loadState(host.monitor, directory, saved, call ?? {});
          return uvm;
        } catch (error) {
          await closeFailed(uvm);
          throw error;
        }
      } finally {
        for (const fd of adapterFds.values()) close(fd);
      }
    },
  };
}

function serialChannel({ monitor, port }: QemuHost, mux = new HostMux()): SerialChannel {
  if (port === undefined) throw new ShimError("internal", "QEMU was started without a port");
  return new SerialChannel(monitor.qmp, port, mux);
}
