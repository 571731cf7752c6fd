import { stringifyJson } from "../../../../oci/json.ts";
import { anyJson, text } from "../../../../prot/json-codec.ts";
import { field, record } from "../../../../prot/json-record.ts";

/** ModifySettingRequest; its request type is absent where the resource is one value. */
export interface ModifyRequest {
  readonly resourcePath: string;
  readonly requestType?: "Add" | "Remove" | "Update";
  /** As it stands on the wire. */
  readonly settings?: unknown;
}

const modifySettingRequest = record({
  resourcePath: field("ResourcePath", text, "omitempty"),
  requestType: field("RequestType", text, "omitempty"),
  settings: field("Settings", anyJson, "omitempty"),
});

/** What HcsModifyComputeSystem takes. */
export function modifyText(request: ModifyRequest): string {
  return stringifyJson(modifySettingRequest.encode(request));
}

/** Of a VM's part: "VirtualMachine/Devices/Scsi". */
export const DEVICES = "VirtualMachine/Devices";
export const TOPOLOGY = "VirtualMachine/ComputeTopology";
