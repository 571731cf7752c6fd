import type { PciDevice } from "../../pci.ts";
import type { ShareRules } from "../../plan9.ts";
import type { ScsiLimits, ScsiLocation } from "../../scsi.ts";
import type { VpmemLimits } from "../../vpmem.ts";
import { type JsonObject, partOf } from "./document/applied.ts";
import { SCSI_CONTROLLERS } from "./document/scsi.ts";
import { DEVICES } from "./modify/request.ts";
import { vpciDevice } from "./schema/storage.ts";

const LUNS = 64;

/** What makes a VM: enough to make it again from what was saved of it. */
export interface VmRecord {
  readonly os: "linux" | "windows";
  /** As on the wire, with all that was changed since. */
  readonly document: JsonObject;
  /** Of VPMem: the document does not say it. */
  readonly multiMapping: boolean;
  /** Of containers' scratch disks: the guest does it. */
  readonly encryptsScratch?: boolean;
  readonly shareRules: ShareRules;
  /** The places that were taken from its boot on. Undefined: all that the document takes, of a VM that is to boot. */
  readonly reserved?: { readonly scsi: readonly ScsiLocation[]; readonly vpmem: readonly number[] };
}

/** Whether the document has such devices at all: their members alone can be added. */
export function hasPart({ document }: VmRecord, devices: "Plan9" | "VirtualSmb" | "VirtualPMem"): boolean {
  return partOf(document, `${DEVICES}/${devices}`) !== undefined;
}

export function scsiLimits({ document, reserved }: VmRecord): ScsiLimits {
  const count = SCSI_CONTROLLERS.filter((guid) => partOf(document, `${DEVICES}/Scsi/${guid}`) !== undefined).length;
  return {
    controllers: count,
    luns: LUNS,
    reserved: reserved?.scsi ?? scsiDisks(document).map(({ location }) => location),
  };
}

/** The disks of all controllers, with their attachments. */
export function scsiDisks(
  document: JsonObject,
): readonly { readonly location: ScsiLocation; readonly type: unknown; readonly path: unknown }[] {
  return SCSI_CONTROLLERS.flatMap((guid, controller) => {
    const attachments = (partOf(document, `${DEVICES}/Scsi/${guid}/Attachments`) ?? {}) as JsonObject;
    return Object.entries(attachments).map(([lun, attachment]) => {
      const { Type: type, Path: path } = attachment as JsonObject;
      return { location: { controller, lun: Number(lun) }, type, path };
    });
  });
}

export function vpmemLimits({ document, multiMapping, reserved: fromBoot }: VmRecord): VpmemLimits | undefined {
  const controller = partOf(document, `${DEVICES}/VirtualPMem`) as JsonObject | undefined;
  if (controller === undefined) return undefined;
  const { MaximumCount: count, MaximumSizeBytes: bytes, Devices: devices } = controller;
  const reserved = fromBoot?.vpmem ?? Object.keys((devices as JsonObject | undefined) ?? {}).map(Number);
  return { devices: Number(count), deviceBytes: BigInt(bytes as bigint), multiMapping, reserved };
}

/** Devices of the host, by their VMBus GUIDs. */
export function pciDevices({ document }: VmRecord): readonly PciDevice[] {
  const devices = (partOf(document, `${DEVICES}/VirtualPci`) ?? {}) as JsonObject;
  return Object.entries(devices).flatMap(([id, device]) => {
    const { functions } = vpciDevice.decode(device, `device ${id}`);
    return functions.map((of) => ({ id, address: of.deviceInstancePath, virtualFunction: of.virtualFunction }));
  });
}

/** Why it cannot be saved; undefined: it can (reference: hcsshim, 1.3 and 4.1). */
export function unsaveable(record: VmRecord): string | undefined {
  if (hasPart(record, "Plan9")) return "it has a Plan9 device: set io.microsoft.migration.support-enabled";
  if (pciDevices(record).length > 0) return "it has devices of its host";
  return partOf(record.document, "VirtualMachine/SecuritySettings") === undefined ? undefined : "it is confidential";
}
