import { unimplemented } from "../errors/shim-error.ts";
import {
  type DevicesConfig,
  type MemoryConfig,
  type PciePort,
  type PcieRootComplex,
  type ProcessorConfig,
  type VMConfig,
  VMConfigGuestPowerAction,
} from "../generated/vmservice.ts";

/** A field of VMConfig that this server does not do: set, the VM is refused by the field's name. */
export interface Refusal {
  readonly field: string;
  /** Ends the sentence "<field> is not supported: ...". */
  readonly why: string;
  isSet(config: VMConfig): boolean;
}

const memory =
  (member: (config: MemoryConfig) => unknown) =>
  ({ memoryConfig }: VMConfig) =>
    memoryConfig !== undefined && Boolean(member(memoryConfig));

const processor =
  (member: (config: ProcessorConfig) => unknown) =>
  ({ processorConfig }: VMConfig) =>
    processorConfig !== undefined && Boolean(member(processorConfig));

const devices =
  (member: (config: DevicesConfig) => unknown) =>
  ({ devicesConfig }: VMConfig) =>
    devicesConfig !== undefined && Boolean(member(devicesConfig));

const complex =
  (member: (root: PcieRootComplex) => unknown) =>
  ({ pcie }: VMConfig) =>
    pcie?.rootComplexes.some((root) => Boolean(member(root))) ?? false;

const port = (member: (port: PciePort) => unknown) => complex(({ rootPorts }) => rootPorts.some(member));

const restarts = ({ guestPowerActions }: VMConfig): boolean =>
  Object.values(guestPowerActions ?? {}).includes(VMConfigGuestPowerAction.RESTART);

const NO_HINTS = "a VM's memory is the host's, taken as it is touched";
const NO_ADDRESSES = "a port is a name to attach by; where a device stands in the guest is the stack's choice";

/** Beside these, each device is checked on its own (docs/vmservice.md). */
export const refusals: readonly Refusal[] = [
  { field: "uefi", why: "a VM boots a kernel: use direct_boot", isSet: ({ uefi }) => uefi !== undefined },
  { field: "numa_config", why: "a VM is one node: use memory_config", isSet: ({ numaConfig }) => !!numaConfig },
  { field: "memory_config.hot_hint", why: NO_HINTS, isSet: memory(({ hotHint }) => hotHint) },
  { field: "memory_config.cold_hint", why: NO_HINTS, isSet: memory(({ coldHint }) => coldHint) },
  { field: "memory_config.cold_discard_hint", why: NO_HINTS, isSet: memory((config) => config.coldDiscardHint) },
  {
    field: "memory_config.low_mmio_gap_in_mb",
    why: "the machine type has its gaps",
    isSet: memory(({ lowMmioGapInMb }) => lowMmioGapInMb),
  },
  {
    field: "memory_config.high_mmio_base_in_mb",
    why: "the machine type has its gaps",
    isSet: memory(({ highMmioBaseInMb }) => highMmioBaseInMb),
  },
  {
    field: "memory_config.high_mmio_gap_in_mb",
    why: "the machine type has its gaps",
    isSet: memory(({ highMmioGapInMb }) => highMmioGapInMb),
  },
  {
    field: "processor_config.processor_weight",
    why: "put the server into a cgroup",
    isSet: processor(({ processorWeight }) => processorWeight),
  },
  {
    field: "processor_config.processor_limit",
    why: "put the server into a cgroup",
    isSet: processor(({ processorLimit }) => processorLimit),
  },
  {
    field: "processor_config.aarch64",
    why: "VMs are x86-64",
    isSet: processor(({ aarch64 }) => aarch64),
  },
  {
    field: "devices_config.windows_device",
    why: "this is no Windows host",
    isSet: devices((config) => config.windowsDevice.length),
  },
  {
    field: "devices_config.virtio_console",
    why: "use serial_config's port 0",
    isSet: devices(({ virtioConsole }) => virtioConsole),
  },
  { field: "windows_options", why: "this is no Windows host", isSet: ({ windowsOptions }) => !!windowsOptions },
  {
    field: "guest_power_actions with RESTART",
    why: "a guest that resets itself halts: tear it down and create it again",
    isSet: restarts,
  },
  { field: "smbios_config", why: "the firmware's tables are its own", isSet: ({ smbiosConfig }) => !!smbiosConfig },
  { field: "crash_dump_path", why: "no dump is written", isSet: ({ crashDumpPath }) => !!crashDumpPath },
  { field: "iommufds", why: "VFIO devices go by their groups", isSet: ({ iommufds }) => iommufds.length > 0 },
  {
    field: "pcie.generic_initiators",
    why: "a VM is one node",
    isSet: ({ pcie }) => (pcie?.genericInitiators.length ?? 0) > 0,
  },
  { field: "pcie.root_complexes.segment", why: NO_ADDRESSES, isSet: complex(({ segment }) => segment) },
  {
    field: "pcie.root_complexes.low_mmio_base",
    why: NO_ADDRESSES,
    isSet: complex(({ lowMmioBase }) => lowMmioBase !== undefined),
  },
  {
    field: "pcie.root_complexes.high_mmio_base",
    why: NO_ADDRESSES,
    isSet: complex(({ highMmioBase }) => highMmioBase !== undefined),
  },
  { field: "pcie.root_complexes.preserve_bars", why: NO_ADDRESSES, isSet: complex((root) => root.preserveBars) },
  {
    field: "pcie.root_complexes.node",
    why: "a VM is one node",
    isSet: complex(({ node }) => node !== undefined),
  },
  { field: "pcie.root_complexes.iommu", why: "a guest has no IOMMU", isSet: complex(({ iommu }) => iommu) },
  {
    field: "pcie.root_complexes.root_ports.devfn",
    why: NO_ADDRESSES,
    isSet: port(({ devfn }) => devfn !== undefined),
  },
  {
    field: "pcie.root_complexes.root_ports.acs_capabilities_supported",
    why: NO_ADDRESSES,
    isSet: port((each) => each.acsCapabilitiesSupported !== undefined),
  },
  {
    field: "pcie.root_complexes.root_ports.attached.switch",
    why: "give each device a root port",
    isSet: port(({ attached }) => attached?.switch),
  },
];

/** Throws unimplemented for the first field that is set and not done. */
export function refuseUnsupported(config: VMConfig): void {
  const found = refusals.find(({ isSet }) => isSet(config));
  if (found !== undefined) throw notDone(`config.${found.field}`, found.why);
}

/** "config.uefi is not supported by this server: a VM boots a kernel: use direct_boot" */
export function notDone(field: string, why: string): Error {
  return unimplemented(`${field} is not supported by this server: ${why}`);
}
