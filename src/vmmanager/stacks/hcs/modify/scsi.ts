import { invalidArgument } from "../../../../errors/shim-error.ts";
import type { ScsiDisk, ScsiLocation } from "../../../scsi.ts";
import { SCSI_CONTROLLERS } from "../document/scsi.ts";
import { attachment } from "../schema/storage.ts";
import { DEVICES, type ModifyRequest } from "./request.ts";

export function attachDisk(disk: ScsiDisk): ModifyRequest {
  const { hostPath, readOnly, type = "VirtualDisk", extensibleDiskType } = disk;
  return {
    resourcePath: pathOf(disk),
    requestType: "Add",
    settings: attachment.encode({ type, path: hostPath, readOnly, extensibleVirtualDiskType: extensibleDiskType }),
  };
}

export function detachDisk(location: ScsiLocation): ModifyRequest {
  return { resourcePath: pathOf(location), requestType: "Remove" };
}

function pathOf({ controller, lun }: ScsiLocation): string {
  const guid = SCSI_CONTROLLERS[controller];
  if (guid === undefined) {
    throw invalidArgument(`there is no SCSI controller ${controller}: they are 0 to ${SCSI_CONTROLLERS.length - 1}`);
  }
  return `${DEVICES}/Scsi/${guid}/Attachments/${lun}`;
}
