import type { InitOf } from "../../../../prot/json-codec.ts";
import type { VsmbOptions, VsmbShare } from "../../../vsmb.ts";
import { vsmbShare, type vsmbShareOptions } from "../schema/shares.ts";
import { DEVICES, type ModifyRequest } from "./request.ts";

const resourcePath = `${DEVICES}/VirtualSmb/Shares`;

export function addShare({ name, hostPath, allowedFiles, options }: VsmbShare): ModifyRequest {
  return {
    resourcePath,
    requestType: "Add",
    settings: vsmbShare.encode({ name, path: hostPath, allowedFiles, options: options && shareOptions(options) }),
  };
}

export function removeShare(name: string): ModifyRequest {
  return { resourcePath, requestType: "Remove", settings: vsmbShare.encode({ name }) };
}

/** HCS spells one of them in another way. */
function shareOptions({ noDirectMap, ...options }: VsmbOptions): InitOf<typeof vsmbShareOptions> {
  return { ...options, noDirectmap: noDirectMap };
}
