import { isKind } from "../../errors/shim-error.ts";
import type { Guest } from "../../guestmanager/guest.ts";
import { within } from "../deadline.ts";
import type { VmHost } from "./ports.ts";

const ENTROPY_BYTES = 64;

/** What a guest may be able to hear after it stood still. */
interface Resumable {
  resumed(state: { readonly unixNanoseconds: bigint; readonly entropy: Uint8Array }): Promise<void>;
}

/** Sets the guest's clock and gives it randomness that no other VM from the same save has. A guest that can't hear it goes on as it is. */
export async function tellResumed(guest: Partial<Resumable> & Pick<Guest, "capabilities">, ms: number): Promise<void> {
  if (guest.resumed === undefined) return;
  try {
    await within(guest.resumed(news()), ms, "telling the guest that it was resumed");
  } catch (cause) {
    if (!isKind(cause, "unimplemented")) throw cause;
  }
}

/** The same for a guest of a template, where all depends on it: rejects where it can't be told. Nothing else is asked of it before. */
export async function tellCloned({ uvm, guest }: VmHost, call: { readonly signal: AbortSignal }): Promise<void> {
  if (uvm.fromTemplate) await guest.resumed(news(), call);
}

function news(): Parameters<Resumable["resumed"]>[0] {
  const entropy = crypto.getRandomValues(new Uint8Array(ENTROPY_BYTES));
  return { unixNanoseconds: BigInt(Date.now()) * 1_000_000n, entropy };
}
