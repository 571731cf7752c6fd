import { invalidArgument } from "../errors/shim-error.ts";
import { type ModifyResourceRequest, ModifyType } from "../generated/vmservice.ts";
import type { CallOptions } from "../vmmanager/lifetime.ts";
import { adapterOfNic } from "./adapter.ts";
import { checkRaw, scsiDisk } from "./disk.ts";
import { absolute } from "./host-path.ts";
import type { MadeVm } from "./made-vm.ts";
import { notDone } from "./refusals.ts";

type Change = (vm: MadeVm, call: CallOptions) => Promise<void>;

/** What a ModifyResource asks for, checked. Throws unimplemented by the name of what is not done. */
export function changeOf(request: ModifyResourceRequest): Change {
  const { type, scsiDisk: disk, nicConfig: nic, vpmemDisk: vpmem, memory, processor } = request;
  const verb = verbOf(type);
  const refuse = (what: string, why: string) => notDone(`ModifyResource ${verb} of ${what}`, why);
  if (disk !== undefined) {
    const { controller, lun } = disk;
    if (verb === "UPDATE") throw refuse("scsi_disk", "remove it and add another");
    if (verb === "REMOVE") return (vm, call) => vm.uvm.removeScsiDisk({ controller, lun }, call);
    const added = scsiDisk(disk, "scsi_disk");
    return (vm, call) => vm.uvm.addScsiDisk(added, call);
  }
  if (nic !== undefined) {
    if (verb === "UPDATE") throw refuse("nic_config", "remove it and add another");
    if (verb === "REMOVE") return (vm, call) => vm.uvm.removeNetworkAdapter(nic.nicId, call);
    const added = adapterOfNic(nic, "nic_config");
    return (vm, call) => vm.addAdapter(added, call);
  }
  if (vpmem !== undefined) {
    if (verb !== "ADD") throw refuse("vpmem_disk", "it stays as long as its VM");
    checkRaw(vpmem.hostPath, vpmem.type, "vpmem_disk");
    if (!vpmem.readOnly) throw refuse("vpmem_disk to be written", "attach it as a SCSI disk");
    const path = absolute(vpmem.hostPath, "vpmem_disk");
    return (vm, call) => vm.addVpmem(path, call);
  }
  if (memory !== undefined) {
    if (verb !== "UPDATE") throw refuse("memory", "UPDATE it to what it is to be in all");
    return (vm, call) => vm.uvm.updateMemory(Number(memory.memoryMb), call);
  }
  if (processor !== undefined) {
    if (verb !== "ADD") throw refuse("processor", "processors stay as long as their VM");
    return (vm, call) => vm.addProcessor(processor.processorIndex, call);
  }
  if (request.processorConfig !== undefined) throw refuse("processor_config", "put the server into a cgroup");
  if (request.windowsDevice !== undefined) throw refuse("windows_device", "this is no Windows host");
  throw invalidArgument("ModifyResource names no resource; cannot do it");
}

function verbOf(type: ModifyType): keyof typeof ModifyType {
  switch (type) {
    case ModifyType.ADD:
      return "ADD";
    case ModifyType.REMOVE:
      return "REMOVE";
    case ModifyType.UPDATE:
      return "UPDATE";
    default: {
      // An open enum.
      const unknown: number = type satisfies never;
      throw invalidArgument(`ModifyResource has the type ${unknown}; cannot do it: use ADD, REMOVE or UPDATE`);
    }
  }
}
