import { alreadyExists, invalidArgument } from "../errors/shim-error.ts";
import type { PcieDeviceKind, PciePort, PcieTopologyConfig, VfioDevice, VirtioDevice } from "../generated/vmservice.ts";
import { adapterOfVirtioNet } from "./adapter.ts";
import { checkRaw } from "./disk.ts";
import { absolute } from "./host-path.ts";
import type { Attachment, PortPlan } from "./plan.ts";
import { notDone } from "./refusals.ts";

/** What can be taken for an id of a device; ports are known by it. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Fields that are not done were refused before. */
export function portsOf(topology: PcieTopologyConfig | undefined): PortPlan[] {
  const ports = (topology?.rootComplexes ?? []).flatMap(({ rootPorts }) => rootPorts.map(portOf));
  const names = new Set<string>();
  for (const { name } of ports) {
    if (names.has(name)) throw alreadyExists(`PCIe port ${name} is in the topology twice; cannot create the VM`);
    names.add(name);
  }
  for (const kind of ["root", "vsock"] as const) {
    if (ports.filter(({ attached }) => attached?.kind === kind).length > 1) {
      throw notDone(`config.pcie with more than one ${kind === "root" ? "virtio.blk" : "virtio.vsock"}`, ONE[kind]);
    }
  }
  return ports;
}

const ONE = { root: "attach further disks as SCSI disks", vsock: "a guest has one" } as const;

function portOf({ name, hotplug, attached }: PciePort): PortPlan {
  if (!NAME.test(name)) {
    throw invalidArgument(`PCIe port ${JSON.stringify(name)} is not made of letters, digits, ".", "_" and "-"`);
  }
  const device = attached?.device;
  return { name, hotplug, ...(device && { attached: attachmentOf(name, device, `PCIe port ${name}`) }) };
}

/** A device behind the port, at the VM's creation or later. Throws unimplemented by the name of what is not done. */
export function attachmentOf(port: string, device: PcieDeviceKind, field: string): Attachment {
  const { virtio, nvme, vfio } = device;
  if (nvme !== undefined) throw notDone(`${field}: nvme`, "attach its namespaces as SCSI disks");
  if (vfio !== undefined) return pciOf(vfio, field);
  if (virtio !== undefined) return virtioOf(port, virtio, field);
  throw invalidArgument(`${field} is given no device; cannot attach it: give it a virtio or a vfio device`);
}

function virtioOf(
  port: string,
  { blk, net, rng, vsock, console, vhostUser, fs }: VirtioDevice,
  field: string,
): Attachment {
  if (net !== undefined) return { kind: "adapter", adapter: adapterOfVirtioNet(port, net, `${field}: virtio.net`) };
  if (vsock !== undefined) return { kind: "vsock", path: absolute(vsock.socketPath, `${field}: virtio.vsock`) };
  if (rng !== undefined) throw notDone(`${field}: virtio.rng`, "a guest takes its random numbers from its processor");
  if (console !== undefined) throw notDone(`${field}: virtio.console`, "use serial_config's port 0");
  if (vhostUser !== undefined)
    throw notDone(`${field}: virtio.vhost_user`, "the VM takes no server of another process");
  if (fs !== undefined) throw notDone(`${field}: virtio.fs`, "use devices_config.virtiofs_config");
  if (blk === undefined) throw invalidArgument(`${field} is given no kind of virtio device; cannot attach it`);
  const name = `${field}: virtio.blk`;
  const { backend, readOnly } = blk;
  if (!readOnly) throw notDone(`${name} to be written`, "attach it as a SCSI disk");
  if (backend?.file === undefined) throw invalidArgument(`${name} has no file; cannot attach it`);
  if (backend.file.direct) throw notDone(`${name}.file.direct`, "the host's page cache is used");
  checkRaw(backend.file.path, 0, name);
  return { kind: "root", hostPath: absolute(backend.file.path, name) };
}

function pciOf({ hostPciAddress, barAddresses, iommufdId }: VfioDevice, field: string): Attachment {
  if (barAddresses.length > 0) throw notDone(`${field}: vfio.bar_addresses`, "the guest places them");
  if (iommufdId !== undefined) throw notDone(`${field}: vfio.iommufd_id`, "VFIO devices go by their groups");
  return { kind: "pci", address: hostPciAddress };
}
