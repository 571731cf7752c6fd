import { failedPrecondition, unavailable } from "../../../../errors/shim-error.ts";
import { unlessAborted } from "../../../../errors/unless-aborted.ts";
import { createGuest } from "../../../../guestmanager/create-guest.ts";
import { warmUp } from "../../../../guestmanager/warm-up.ts";
import type { Logger } from "../../../../log/logger.ts";
import type { UtilityVM } from "../../../uvm.ts";

/**
 * Boots the UVM, brings its guest to where it waits for its first container, and saves it into the directory. The UVM is
 * ended whatever comes.
 */
export async function makeTemplate(
  uvm: UtilityVM,
  directory: string,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const guest = createGuest({ sockets: uvm.sockets, log });
  const ended = uvm.wait().then(({ error }) => {
    throw unavailable(`the vm that was to be a template ended: ${error?.message ?? "it was turned off"}`, error);
  });
  ended.catch(() => undefined);
  const work = async (): Promise<void> => {
    await uvm.start({ signal });
    await guest.createConnection({ signal });
    if (!guest.capabilities().resumeSupported) {
      throw failedPrecondition("the guest takes no new random numbers; no template is made of it");
    }
    await warmUp(guest, { signal });
    // Still connected: in each clone the guest sees its host gone, and dials at once.
    await uvm.pause({ signal });
    await uvm.save({ directory, signal });
  };
  try {
    guest.prepareConnection();
    await Promise.race([unlessAborted(work(), signal), ended]);
  } finally {
    guest.closeConnection();
    await uvm.close();
  }
}
