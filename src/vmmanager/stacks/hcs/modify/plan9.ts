import type { Plan9Share } from "../../../plan9.ts";
import { plan9Share } from "../schema/shares.ts";
import { DEVICES, type ModifyRequest } from "./request.ts";

/** Of the host's Plan9 server, in the guest's vsock. */
const PORT = 564;
const READ_ONLY = 0x1;
/** Owner, mode and special files are kept. */
const LINUX_METADATA = 0x4;
const RESTRICT_FILE_ACCESS = 0x80;

const resourcePath = `${DEVICES}/Plan9/Shares`;

export function addShare({ name, hostPath, readOnly, allowedNames }: Plan9Share): ModifyRequest {
  return {
    resourcePath,
    requestType: "Add",
    settings: plan9Share.encode({
      name,
      accessName: name,
      path: hostPath,
      port: PORT,
      flags: LINUX_METADATA | (readOnly ? READ_ONLY : 0) | (allowedNames === undefined ? 0 : RESTRICT_FILE_ACCESS),
      allowedFiles: allowedNames,
    }),
  };
}

export function removeShare(name: string): ModifyRequest {
  return { resourcePath, requestType: "Remove", settings: plan9Share.encode({ name, accessName: name, port: PORT }) };
}
