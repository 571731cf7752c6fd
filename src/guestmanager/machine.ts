import { unimplemented } from "../errors/shim-error.ts";
import { RequestType } from "../prot/protocol.ts";
import { processors, resume } from "../prot/resources/machine.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions } from "./guest.ts";
import { modifyGuest } from "./modify.ts";

/** The machine of a Linux guest. Each is unimplemented in a guest without the capability. */
export interface GuestMachine {
  /**
   * After a pause or a restore: the guest's clock steps to the host's (nanoseconds since 1970), and its kernel's random
   * numbers take another way than those of another VM from the same save (at least 32 bytes). Needs `resumeSupported`.
   */
  resumed(state: { unixNanoseconds: bigint; entropy: Uint8Array }, options?: GuestCallOptions): Promise<void>;
  /** So many processors are online in the guest; those that are being plugged in are waited for. Needs `processorsSupported`. */
  setProcessors(count: number, options?: GuestCallOptions): Promise<void>;
}

export function guestMachine(connection: GuestConnection): GuestMachine {
  return {
    async resumed({ unixNanoseconds, entropy }, options) {
      if (!connection.capabilities().resumeSupported) {
        throw unimplemented("this guest can't be told that it was resumed; its clock and random numbers stay");
      }
      const value = { unixNanoseconds, entropy: Buffer.from(entropy).toString("base64") };
      await modifyGuest(connection, ResourceType.resume, RequestType.update, { codec: resume, value }, options);
    },
    async setProcessors(count, options) {
      if (!connection.capabilities().processorsSupported) {
        throw unimplemented("this guest can't be told how many processors to use");
      }
      const settings = { codec: processors, value: { count } };
      await modifyGuest(connection, ResourceType.processors, RequestType.update, settings, options);
    },
  };
}
