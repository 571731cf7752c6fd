import {
  CapabilitiesVMResponse,
  CapabilitiesVMResponseResource as Capability,
  CapabilitiesVMResponseSupportedGuestOS as GuestOS,
  CapabilitiesVMResponseSupportedResource as SupportedResource,
} from "../generated/vmservice.ts";
import type { Resource } from "../vmmanager/support.ts";
import type { VmServicePorts } from "./ports.ts";

/** By whose calls each is done. Vpci: AddPcieDevice of a VFIO device. */
const resources: readonly (readonly [resource: Capability, by: Resource])[] = [
  [Capability.Vpmem, "vpmem"],
  [Capability.Scsi, "scsi"],
  [Capability.Vpci, "pci"],
  [Capability.VMNic, "network"],
];

/** What the calls of this server do, and nothing else: those that do nothing are left out. */
export function capabilities({ supported }: Pick<VmServicePorts, "supported">): CapabilitiesVMResponse {
  const devices = resources.map(([resource, by]) =>
    SupportedResource.create({ resource, Add: supported(by, "add"), Remove: supported(by, "remove") }),
  );
  // ModifyResource names a total of memory, and one more processor.
  const memory = SupportedResource.create({ resource: Capability.Memory, Update: supported("memory", "update") });
  const processor = SupportedResource.create({ resource: Capability.Processor, Add: supported("processor", "update") });
  return CapabilitiesVMResponse.create({
    supportedResources: [...devices, memory, processor].filter(({ Add, Remove, Update }) => Add || Remove || Update),
    supportedGuestOs: [GuestOS.Linux],
  });
}
