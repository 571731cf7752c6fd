import { invalidArgument } from "../../../../errors/shim-error.ts";
import { DEVICES, type ModifyRequest } from "./request.ts";

const PREFIX = "\\\\.\\pipe\\";

/** Throws invalid-argument for a path that names no pipe of the host. */
export function mapPipe(hostPath: string, requestType: "Add" | "Remove"): ModifyRequest {
  if (!hostPath.startsWith(PREFIX) || hostPath.length === PREFIX.length) {
    throw invalidArgument(`${JSON.stringify(hostPath)} names no pipe: it starts with ${PREFIX}`);
  }
  return { resourcePath: `${DEVICES}/MappedPipes/${hostPath}`, requestType };
}
