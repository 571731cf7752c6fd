import { invalidArgument, ShimError } from "../../errors/shim-error.ts";
import { CheckpointOptions, Options as RuncOptions } from "../../generated/containerd/runc/v1.ts";
import { Options as RunhcsOptions } from "../../generated/containerd/runhcs/v1.ts";
import type { Any } from "../../generated/google/protobuf.ts";
import type { Logger } from "../../log/logger.ts";
import { parseJson } from "../../oci/json.ts";
import type { RuntimeOptions } from "../../orchestration/tasks.ts";
import { typeOf } from "../any.ts";

const OCI_PREFIX = "types.containerd.io/opencontainers/runtime-spec/1/";

/** Whether it is said to be that type of the OCI runtime spec's. */
export function isOci(any: Any | undefined, type: string): boolean {
  return any !== undefined && typeOf(any) === OCI_PREFIX + type;
}

/**
 * The OCI document (JSON) of this type in an Any, e.g. "Process". `what` begins the error's sentence.
 * Throws invalid-argument: none, another type, not JSON, no object.
 */
export function ociDocument(any: Any | undefined, type: string, what: string): object {
  if (any === undefined) throw invalidArgument(`${what}: no ${type} was given`);
  if (!isOci(any, type)) {
    throw invalidArgument(`${what}: its type is ${JSON.stringify(any.typeUrl)}, not ${OCI_PREFIX}${type}`);
  }
  let document: unknown;
  try {
    document = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(any.value));
  } catch (error) {
    throw invalidArgument(`${what}: the ${type} cannot be read: ${ShimError.from(error).message}`, error);
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw invalidArgument(`${what}: the ${type} is not a JSON object`);
  }
  return document;
}

/** The options of runc or runhcs where they are such; other types are another's (reference: containerd-shim 1.13). */
export function runtimeOptions(any: Any | undefined, log: Logger): RuntimeOptions | undefined {
  if (any === undefined || any.typeUrl === "") return undefined;
  const type = typeOf(any);
  if (type !== RuncOptions.typeName && type !== RunhcsOptions.typeName) {
    log.debug("runtime options are neither runc's nor runhcs'; ignored here", {
      type: any.typeUrl,
      bytes: any.value.length,
    });
    return undefined;
  }
  try {
    if (type === RunhcsOptions.typeName) {
      RunhcsOptions.decode(any.value);
      return { runhcs: Buffer.from(any.value).toString("base64") };
    }
    const { binaryName, root, systemdCgroup, noPivotRoot, noNewKeyring, shimCgroup, ioUid, ioGid } = RuncOptions.decode(
      any.value,
    );
    return { binaryName, root, systemdCgroup, noPivotRoot, noNewKeyring, shimCgroup, ioUid, ioGid };
  } catch (error) {
    throw invalidArgument(`runtime options of type ${type} cannot be read: ${ShimError.from(error).message}`, error);
  }
}

/** runc's checkpoint options where they are such: `ctr` sends none to another runtime. */
export function checkpointOptions(any: Any | undefined, log: Logger): Pick<CheckpointOptions, "imagePath" | "exit"> {
  if (any === undefined || any.typeUrl === "") return { imagePath: "", exit: false };
  const type = typeOf(any);
  if (type !== CheckpointOptions.typeName) {
    log.debug("checkpoint options are not runc's; ignored here", { type: any.typeUrl, bytes: any.value.length });
    return { imagePath: "", exit: false };
  }
  try {
    return CheckpointOptions.decode(any.value);
  } catch (error) {
    throw invalidArgument(`checkpoint options cannot be read: ${ShimError.from(error).message}`, error);
  }
}
