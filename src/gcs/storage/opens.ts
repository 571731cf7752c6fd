import { closeSync, constants, openSync } from "node:fs";
import { errorCode } from "../../sys/sys-error.ts";
import { missingFile } from "../runtime/missing-file.ts";

/**
 * Whether the device can be used: the kernel makes its node a moment before the disk behind it, and says ENXIO meanwhile.
 * Throws what else stands in the way of opening it.
 */
export function opens(device: string): boolean {
  try {
    closeSync(openSync(device, constants.O_RDONLY | constants.O_NONBLOCK));
    return true;
  } catch (error) {
    if (missingFile(error) || errorCode(error) === "ENXIO") return false;
    throw error;
  }
}
