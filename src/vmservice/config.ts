import { invalidArgument } from "../errors/shim-error.ts";
import type { SerialConfig, VMConfig } from "../generated/vmservice.ts";
import type { UvmSizing } from "../vmmanager/sizing.ts";
import { adapterOfNic } from "./adapter.ts";
import { checkRaw, scsiDisk } from "./disk.ts";
import { absolute } from "./host-path.ts";
import { portsOf } from "./pcie.ts";
import type { PortPlan, RelayPlan, VmPlan, VsockPlan } from "./plan.ts";
import { notDone, refuseUnsupported } from "./refusals.ts";

/** How far a VM may grow at least; no field of VMConfig says it. */
export const growth = { processors: 4, memoryMiB: 4096 } as const;

/**
 * A VMConfig as this server makes it. Throws unimplemented by the name of the first field that it does not do,
 * invalid-argument for what no server could make.
 */
export function planOf(config: VMConfig | undefined): VmPlan {
  if (config === undefined) throw invalidArgument("CreateVM has no config; cannot create a VM");
  refuseUnsupported(config);
  if (config.disableHv && !config.disableVmbus) {
    throw invalidArgument("config.disable_hv needs config.disable_vmbus; cannot create the VM: set both or none");
  }
  const { scsiDisks = [], vpmemDisks = [], nicConfig = [] } = config.devicesConfig ?? {};
  const ports = portsOf(config.pcie);
  const vsock = vsockOf(config, ports);
  const directory = directoryOf(config);
  const serial = serialOf(config.serialConfig);
  return {
    boot: bootOf(config, ports, vsock !== undefined),
    sizing: sizingOf(config),
    disks: scsiDisks.map((disk, i) => scsiDisk(disk, `config.devices_config.scsi_disks[${i}]`)),
    vpmem: vpmemDisks.map(({ hostPath, type, readOnly }, i) => {
      const field = `config.devices_config.vpmem_disks[${i}]`;
      checkRaw(hostPath, type, field);
      if (!readOnly) throw notDone(`${field} to be written`, "attach it as a SCSI disk");
      return hostPath;
    }),
    adapters: nicConfig.map((nic, i) => adapterOfNic(nic, `config.devices_config.nic_config[${i}]`)),
    ...(directory && { directory }),
    ...(serial && { serial }),
    ...(vsock && { vsock }),
    ports,
  };
}

/** The guest's sockets go over the guest channel: a guest that was told to dial vsock would find no such device. */
const VSOCK_ARGUMENT = /^uvm\.vsock=(?:(\d+)|ports)$/;

function bootOf({ directBoot }: VMConfig, ports: readonly PortPlan[], hasVsock: boolean): VmPlan["boot"] {
  if (directBoot === undefined) throw invalidArgument("config has no direct_boot; cannot create the VM: name a kernel");
  const { kernelPath, initrdPath, kernelCmdline } = directBoot;
  const attached = ports.find((port) => port.attached?.kind === "root")?.attached;
  const words = kernelCmdline.split(/\s+/).filter(Boolean);
  return {
    kernel: absolute(kernelPath, "config.direct_boot.kernel_path"),
    ...(initrdPath !== "" && { initrd: absolute(initrdPath, "config.direct_boot.initrd_path") }),
    ...(attached?.kind === "root" && { root: attached.hostPath }),
    arguments: hasVsock ? words.filter((word) => !VSOCK_ARGUMENT.test(word)) : words,
  };
}

function sizingOf({ memoryConfig, processorConfig }: VMConfig): UvmSizing {
  if (memoryConfig === undefined) throw invalidArgument("config has no memory_config; cannot create the VM");
  const memoryMiB = Number(memoryConfig.memoryMb);
  const processors = processorConfig === undefined ? 1 : processorConfig.processorCount;
  return {
    ...{ processors, maxProcessors: Math.max(processors, growth.processors) },
    ...{ memoryMiB, maxMemoryMiB: Math.max(memoryMiB, growth.memoryMiB) },
  };
}

function serialOf(config: SerialConfig | undefined): RelayPlan | undefined {
  const [first, ...others] = config?.ports ?? [];
  const other = [first, ...others].find((port) => port !== undefined && port.port !== 0);
  if (other !== undefined) {
    throw notDone(`config.serial_config.ports: port ${other.port}`, "a VM has one serial port, 0");
  }
  if (others.length > 0) throw invalidArgument("config.serial_config has port 0 twice; cannot create the VM");
  if (first === undefined) return undefined;
  return { path: absolute(first.socketPath, "config.serial_config port 0"), connect: first.connect };
}

function directoryOf({ devicesConfig }: VMConfig): VmPlan["directory"] {
  const [first, ...others] = devicesConfig?.virtiofsConfig ?? [];
  const field = "config.devices_config.virtiofs_config";
  if (first === undefined) return undefined;
  if (others.length > 0) throw notDone(`${field} with more than one`, "mount directories below the one that is served");
  if (first.readOnly) throw notDone(`${field}[0].read_only`, "make it a read-only mount");
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,35}$/.test(first.tag)) {
    throw invalidArgument(`${field}[0] has the tag ${JSON.stringify(first.tag)}; cannot use it: give 1 to 36 letters`);
  }
  return { tag: first.tag, path: absolute(first.rootPath, `${field}[0]`) };
}

function vsockOf({ hvsocketConfig, directBoot }: VMConfig, ports: readonly PortPlan[]): VsockPlan | undefined {
  const attached = ports.find((port) => port.attached?.kind === "vsock")?.attached;
  if (attached !== undefined && hvsocketConfig !== undefined) {
    throw invalidArgument("config has hvsocket_config and a virtio.vsock; cannot create the VM: a guest has one");
  }
  const path =
    attached?.kind === "vsock"
      ? attached.path
      : hvsocketConfig && absolute(hvsocketConfig.path, "config.hvsocket_config");
  if (path === undefined) return undefined;
  const words = directBoot?.kernelCmdline.split(/\s+/) ?? [];
  const port = words.map((word) => VSOCK_ARGUMENT.exec(word)?.[1]).find((match) => match !== undefined);
  return { path, ...(port !== undefined && { greetedPort: Number(port) }) };
}
