import { RequestType } from "../prot/protocol.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions } from "./guest.ts";
import { modifyGuest } from "./modify.ts";

/** The memory of Linux guests. */
export interface GuestMemory {
  /**
   * After the VM's memory has changed: the limit of the cgroup above all pods follows it (hcsshim's
   * UpdateCgroupMemoryLimits). Our own guest has no such limit: unimplemented.
   */
  updateCgroupMemoryLimits(options?: GuestCallOptions): Promise<void>;
}

export function guestMemory(connection: GuestConnection): GuestMemory {
  return {
    updateCgroupMemoryLimits: (options) =>
      modifyGuest(connection, ResourceType.podCgroupMemoryLimit, RequestType.update, undefined, options),
  };
}
