import type { SettingsRequest } from "../config/settings.ts";
import { invalidArgument, ShimError } from "../errors/shim-error.ts";
import { Options as RuncOptions } from "../generated/containerd/runc/v1.ts";
import { Options as RunhcsOptions } from "../generated/containerd/runhcs/v1.ts";
import type { Any } from "../generated/google/protobuf.ts";
import { Options as RuntimeOptions } from "../generated/runtimeoptions/v1.ts";
import type { Logger } from "../log/logger.ts";

export interface StartOptions extends SettingsRequest {
  /** The cgroup for the daemon itself; empty: it stays in its launcher's. */
  readonly shimCgroup?: string;
}

/**
 * Runtime options as containerd hands them over (reference: containerd-shim, 1.13). The first of each known type counts;
 * others are not an error, as clients pass runc's options to whatever runtime. Throws invalid-argument for a known type
 * whose value can't be decoded.
 */
export function readOptions(options: readonly Any[], log: Logger): StartOptions {
  let found: StartOptions = {};
  for (const { typeUrl, value } of options) {
    // Both spellings are about: containerd writes the bare name, other clients the googleapis prefix.
    const type = typeUrl.replace(/^type\.googleapis\.com\//, "");
    switch (type) {
      case RuntimeOptions.typeName: {
        if (found.configBody !== undefined) break;
        const { configPath, configBody } = decode(type, () => RuntimeOptions.decode(value));
        found = { ...found, configPath, configBody: decodeText(configBody) };
        break;
      }
      case RuncOptions.typeName: {
        if (found.runc !== undefined) break;
        // Not its `root`: the state of a pod's runc stands with the rest of the pod's state, and goes with it.
        const { binaryName, systemdCgroup, shimCgroup } = decode(type, () => RuncOptions.decode(value));
        found = { ...found, runc: { binaryName, systemdCgroup }, shimCgroup };
        break;
      }
      case RunhcsOptions.typeName: {
        if (found.runhcs !== undefined) break;
        decode(type, () => RunhcsOptions.decode(value));
        found = { ...found, runhcs: Buffer.from(value).toString("base64") };
        break;
      }
      default:
        log.debug("runtime options of an unknown type are ignored", { type: typeUrl, bytes: value.length });
    }
  }
  return found;
}

function decode<T>(type: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw invalidArgument(`runtime options of type ${type} cannot be decoded: ${ShimError.from(error).message}`, error);
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw invalidArgument("config in the runtime options is not UTF-8", error);
  }
}
