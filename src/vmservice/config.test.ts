import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { kindOf } from "../errors/shim-error.ts";
import {
  DevicesConfig,
  DirectBoot,
  DiskType,
  HVSocketConfig,
  MemoryConfig,
  NICConfig,
  type PcieDeviceKind,
  PciePort,
  PcieRootComplex,
  PcieTopologyConfig,
  ProcessorConfig,
  SCSIDisk,
  SerialConfig,
  SerialConfigConfig,
  SMBIOSConfig,
  UEFI,
  VirtioConsoleConfig,
  VirtioFs,
  VMConfig,
  VMConfigGuestPowerAction,
  VMConfigGuestPowerActions,
  VPMEMDisk,
  WindowsOptions,
} from "../generated/vmservice.ts";
import { planOf } from "./config.ts";
import { refusals } from "./refusals.ts";

const memory = (more: Partial<MemoryConfig> = {}) => MemoryConfig.create({ memoryMb: 512n, ...more });
const processors = (more: Partial<ProcessorConfig> = {}) => ProcessorConfig.create({ processorCount: 2, ...more });
const boot = (kernelCmdline = "a=1  b") =>
  DirectBoot.create({ kernelPath: "/i/vmlinuz", initrdPath: "/i/initrd", kernelCmdline });
const config = (more: Partial<VMConfig> = {}): VMConfig =>
  VMConfig.create({ memoryConfig: memory(), processorConfig: processors(), directBoot: boot(), ...more });
const devices = (more: Partial<DevicesConfig>) => ({ devicesConfig: DevicesConfig.create(more) });
const complex = (more: Partial<PcieRootComplex>) => ({
  pcie: PcieTopologyConfig.create({ rootComplexes: [PcieRootComplex.create({ name: "rc0", ...more })] }),
});
const port = (more: Partial<PciePort> = {}) => complex({ rootPorts: [PciePort.create({ name: "p0", ...more })] });
const attached = (device: PcieDeviceKind) => port({ attached: { device } });
const file = (path = "/i/root") => ({ file: { path, direct: false } });
const ports = (...each: Partial<SerialConfigConfig>[]) => ({
  serialConfig: SerialConfig.create({
    ports: each.map((one) => SerialConfigConfig.create({ socketPath: "/s", ...one })),
  }),
});

const refuses = (kind: string, message: RegExp, more: Partial<VMConfig>): void =>
  assert.throws(
    () => planOf(config(more)),
    (error: Error) => {
      assert.equal(kindOf(error), kind, error.message);
      assert.match(error.message, message);
      return true;
    },
  );

describe("a VMConfig as this server makes it", () => {
  it("is a kernel with its words, a size, and room to grow", () => {
    assert.deepEqual(planOf(config()), {
      boot: { kernel: "/i/vmlinuz", initrd: "/i/initrd", arguments: ["a=1", "b"] },
      sizing: { processors: 2, maxProcessors: 4, memoryMiB: 512, maxMemoryMiB: 4096 },
      ...{ disks: [], vpmem: [], adapters: [], ports: [] },
    });
    const big = planOf(config({ memoryConfig: memory({ memoryMb: 8192n }), processorConfig: undefined }));
    assert.deepEqual(big.sizing, { processors: 1, maxProcessors: 4, memoryMiB: 8192, maxMemoryMiB: 8192 });
    assert.equal("initrd" in planOf(config({ directBoot: { ...boot(), initrdPath: "" } })).boot, false);
  });

  it("has its devices, by what each is here", () => {
    const plan = planOf(
      config({
        ...devices({
          scsiDisks: [
            SCSIDisk.create({ lun: 1, hostPath: "/d.img" }),
            SCSIDisk.create({ controller: 1, hostPath: "/d.ISO", type: DiskType.SCSI_DISK_TYPE_PHYSICAL }),
          ],
          vpmemDisks: [VPMEMDisk.create({ hostPath: "/l.img", readOnly: true })],
          nicConfig: [NICConfig.create({ nicId: "n1", macAddress: "02-00-5E-00-00-AB", tap: { name: "tap0" } })],
          virtiofsConfig: [VirtioFs.create({ tag: "uvm", rootPath: "/shared" })],
        }),
        ...ports({ port: 0, connect: true }),
        hvsocketConfig: HVSocketConfig.create({ path: "/v" }),
      }),
    );
    assert.deepEqual(plan.disks, [
      { controller: 0, lun: 1, hostPath: "/d.img", readOnly: false },
      { controller: 1, lun: 0, hostPath: "/d.ISO", readOnly: true },
    ]);
    assert.deepEqual(plan.vpmem, ["/l.img"]);
    assert.deepEqual(plan.adapters, [
      { id: "n1", macAddress: "02:00:5e:00:00:ab", tap: { kind: "name", name: "tap0" } },
    ]);
    assert.deepEqual(plan.directory, { tag: "uvm", path: "/shared" });
    assert.deepEqual(plan.serial, { path: "/s", connect: true });
    assert.deepEqual(plan.vsock, { path: "/v" });
  });

  it("takes from PCIe ports what they boot with, and keeps their names", () => {
    const net = { macAddress: "02:00:5e:00:00:01", backend: { tap: { fdName: "t" } } };
    const kinds: [string, PcieDeviceKind | undefined][] = [
      ["port1", { virtio: { blk: { readOnly: true, backend: file() } } }],
      ["port2", { virtio: { vsock: { socketPath: "/v" } } }],
      ["port3", { virtio: { net } }],
      ["port4", { vfio: { hostPciAddress: "0000:03:00.0", barAddresses: [] } }],
      ["port8", undefined],
    ];
    const rootPorts = kinds.map(([name, device]) =>
      PciePort.create({ name, hotplug: device === undefined, ...(device && { attached: { device } }) }),
    );
    const plan = planOf(config(complex({ rootPorts, endBus: 255, lowMmio: 1n, highMmio: 1n })));
    assert.equal(plan.boot.root, "/i/root");
    assert.deepEqual(plan.vsock, { path: "/v" });
    assert.deepEqual(plan.ports.slice(2), [
      {
        ...{ name: "port3", hotplug: false },
        attached: {
          kind: "adapter",
          adapter: { id: "port3", macAddress: "02:00:5e:00:00:01", tap: { kind: "fd-name", name: "t" } },
        },
      },
      { name: "port4", hotplug: false, attached: { kind: "pci", address: "0000:03:00.0" } },
      { name: "port8", hotplug: true },
    ]);
  });

  it("carries the guest's vsock itself: the guest is not told of a device, its dials go where they would", () => {
    const hvsocketConfig = HVSocketConfig.create({ path: "/v" });
    const one = planOf(config({ hvsocketConfig, directBoot: boot("quiet uvm.vsock=5000 x") }));
    assert.deepEqual([one.boot.arguments, one.vsock], [["quiet", "x"], { path: "/v", greetedPort: 5000 }]);
    const each = planOf(config({ hvsocketConfig, directBoot: boot("uvm.vsock=ports x") }));
    assert.deepEqual([each.boot.arguments, each.vsock], [["x"], { path: "/v" }]);
    // Nothing here carries it: the guest finds out for itself.
    assert.deepEqual(planOf(config({ directBoot: boot("uvm.vsock=5000") })).boot.arguments, ["uvm.vsock=5000"]);
  });

  it("takes what this server does anyway", () => {
    planOf(config({ memoryConfig: memory({ allowOvercommit: true, deferredCommit: true }) }));
    planOf(config({ processorConfig: processors({ x86: {} }), disableVmbus: true, disableHv: true }));
    const { HALT } = VMConfigGuestPowerAction;
    const guestPowerActions = { shutdown: HALT, reset: HALT, crash: 0, watchdog: HALT } as const;
    planOf(config({ guestPowerActions }));
  });
});

/** One config for each field of the table. */
const set: Readonly<Record<string, Partial<VMConfig>>> = {
  uefi: { uefi: UEFI.create({ firmwarePath: "/f" }), directBoot: undefined },
  numa_config: { numaConfig: { nodes: [], distances: [] }, memoryConfig: undefined },
  "memory_config.hot_hint": { memoryConfig: memory({ hotHint: true }) },
  "memory_config.cold_hint": { memoryConfig: memory({ coldHint: true }) },
  "memory_config.cold_discard_hint": { memoryConfig: memory({ coldDiscardHint: true }) },
  "memory_config.low_mmio_gap_in_mb": { memoryConfig: memory({ lowMmioGapInMb: 1n }) },
  "memory_config.high_mmio_base_in_mb": { memoryConfig: memory({ highMmioBaseInMb: 1n }) },
  "memory_config.high_mmio_gap_in_mb": { memoryConfig: memory({ highMmioGapInMb: 1n }) },
  "processor_config.processor_weight": { processorConfig: processors({ processorWeight: 1 }) },
  "processor_config.processor_limit": { processorConfig: processors({ processorLimit: 1 }) },
  "processor_config.aarch64": { processorConfig: processors({ aarch64: {} }) },
  "devices_config.windows_device": devices({ windowsDevice: [{ instanceId: "x" }] }),
  "devices_config.virtio_console": devices({ virtioConsole: VirtioConsoleConfig.create({ socketPath: "/s" }) }),
  windows_options: { windowsOptions: WindowsOptions.create() },
  "guest_power_actions with RESTART": {
    guestPowerActions: VMConfigGuestPowerActions.create({ watchdog: VMConfigGuestPowerAction.RESTART }),
  },
  smbios_config: { smbiosConfig: SMBIOSConfig.create() },
  crash_dump_path: { crashDumpPath: "/c" },
  iommufds: { iommufds: [{ id: "i" }] },
  "pcie.generic_initiators": {
    pcie: PcieTopologyConfig.create({ genericInitiators: [{ portName: "p0", node: 0 }] }),
  },
  "pcie.root_complexes.segment": complex({ segment: 1 }),
  "pcie.root_complexes.low_mmio_base": complex({ lowMmioBase: 0n }),
  "pcie.root_complexes.high_mmio_base": complex({ highMmioBase: 0n }),
  "pcie.root_complexes.preserve_bars": complex({ preserveBars: true }),
  "pcie.root_complexes.node": complex({ node: 0 }),
  "pcie.root_complexes.iommu": complex({ iommu: {} }),
  "pcie.root_complexes.root_ports.devfn": port({ devfn: 0 }),
  "pcie.root_complexes.root_ports.acs_capabilities_supported": port({ acsCapabilitiesSupported: 0 }),
  "pcie.root_complexes.root_ports.attached.switch": port({ attached: { switch: { name: "s", downstreamPorts: [] } } }),
};

describe("what a VMConfig may not have here", () => {
  it("is tried field by field", () => {
    assert.deepEqual(
      Object.keys(set),
      refusals.map(({ field }) => field),
    );
  });

  for (const { field } of refusals) {
    it(field, () =>
      refuses("unimplemented", new RegExp(`^config\\.${field} is not supported by this server: `), set[field] ?? {}),
    );
  }

  const devicesRefused: Readonly<Record<string, readonly [Partial<VMConfig>, RegExp]>> = {
    "a VHD": [devices({ scsiDisks: [SCSIDisk.create({ hostPath: "/d.vhd" })] }), /scsi_disks\[0\] "\/d\.vhd"/],
    "a VHDX by its type": [
      devices({ scsiDisks: [SCSIDisk.create({ hostPath: "/d", type: DiskType.SCSI_DISK_TYPE_VHDX })] }),
      /raw/,
    ],
    "persistent memory to be written": [devices({ vpmemDisks: [VPMEMDisk.create({ hostPath: "/d" })] }), /vpmem_disks/],
    "an adapter on a switch": [
      devices({ nicConfig: [NICConfig.create({ nicId: "n", dio: { switchId: "", portId: "" } })] }),
      /nic_config\[0\]\.dio/,
    ],
    "two directories": [
      devices({ virtiofsConfig: [VirtioFs.create({ tag: "a" }), VirtioFs.create({ tag: "b" })] }),
      /virtiofs_config with more than one/,
    ],
    "a directory read-only": [
      devices({ virtiofsConfig: [VirtioFs.create({ tag: "a", readOnly: true })] }),
      /read_only/,
    ],
    "a second serial port": [ports({ port: 0 }, { port: 1 }), /port 1/],
    nvme: [attached({ nvme: { controllerId: "", namespaces: [] } }), /PCIe port p0: nvme/],
    "virtio.blk to be written": [attached({ virtio: { blk: { readOnly: false, backend: file() } } }), /virtio\.blk/],
    "virtio.blk without the host's cache": [
      attached({ virtio: { blk: { readOnly: true, backend: { file: { path: "/r", direct: true } } } } }),
      /direct/,
    ],
    "virtio.rng": [attached({ virtio: { rng: {} } }), /virtio\.rng/],
    "virtio.console": [attached({ virtio: { console: {} } }), /virtio\.console/],
    "virtio.vhost_user": [attached({ virtio: { vhostUser: { socketPath: "/s" } } }), /virtio\.vhost_user/],
    "virtio.fs": [attached({ virtio: { fs: VirtioFs.create() } }), /virtio\.fs/],
    "virtio.net without a network": [
      attached({ virtio: { net: { macAddress: "02-00-5e-00-00-01" } } }),
      /without a network/,
    ],
    "addresses of a VFIO device's BARs": [
      attached({ vfio: { hostPciAddress: "0000:03:00.0", barAddresses: [{ barIndex: 0 }] } }),
      /bar_addresses/,
    ],
    "an iommufd": [
      attached({ vfio: { hostPciAddress: "0000:03:00.0", barAddresses: [], iommufdId: "i" } }),
      /iommufd_id/,
    ],
  };
  for (const [what, [more, message]] of Object.entries(devicesRefused)) {
    it(what, () => refuses("unimplemented", message, more));
  }

  it("no server could make", () => {
    assert.throws(() => planOf(undefined), /no config/);
    refuses("invalid-argument", /no direct_boot/, { directBoot: undefined });
    refuses("invalid-argument", /no memory_config/, { memoryConfig: undefined });
    refuses("invalid-argument", /absolute/, { directBoot: DirectBoot.create({ kernelPath: "vmlinuz" }) });
    refuses("invalid-argument", /disable_vmbus/, { disableHv: true });
    refuses("invalid-argument", /twice/, ports({ port: 0 }, { port: 0 }));
    refuses(
      "already-exists",
      /twice/,
      complex({ rootPorts: [PciePort.create({ name: "p" }), PciePort.create({ name: "p" })] }),
    );
    refuses("invalid-argument", /letters/, port({ name: "a,b" }));
    refuses(
      "invalid-argument",
      /nic_id/,
      devices({ nicConfig: [NICConfig.create({ macAddress: "02-00-5e-00-00-01" })] }),
    );
    refuses(
      "invalid-argument",
      /mac_address/,
      devices({ nicConfig: [NICConfig.create({ nicId: "n", tap: { name: "t" } })] }),
    );
    const hvsocketConfig = HVSocketConfig.create({ path: "/v" });
    refuses("invalid-argument", /a guest has one/, {
      hvsocketConfig,
      ...attached({ virtio: { vsock: { socketPath: "/w" } } }),
    });
  });
});
