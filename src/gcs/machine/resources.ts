import { invalidArgument } from "../../errors/shim-error.ts";
import { RequestType } from "../../prot/protocol.ts";
import { processors, resume } from "../../prot/resources/machine.ts";
import { ResourceType } from "../../prot/resources/resource-type.ts";

/** What is asked of the machine that this guest runs on. */
export interface MachineCalls {
  /** Steps the clock: nanoseconds since 1970. */
  setClock(unixNanoseconds: bigint): void;
  /** Stirs the bytes into the kernel's random numbers, and makes it use them at once. */
  reseed(entropy: Uint8Array): void;
  /** Waits a bounded time for processors that are being plugged in. Throws out-of-range where too few have come. */
  setProcessors(count: number): Promise<void>;
}

/** The kernel asks for 32 bytes; 512 is what hcsshim's host sends at boot. */
const MAX_ENTROPY = 4096;

/** ModifySettings of the guest's own machine, ours alone (docs/gcs-protocol.md). */
export function machineResources(machine: MachineCalls) {
  return {
    [ResourceType.resume]: {
      [RequestType.update]: (value: unknown) => {
        const { unixNanoseconds, entropy } = resume.decode(value, "Resume");
        const bytes = Buffer.from(entropy, "base64");
        if (bytes.length > MAX_ENTROPY) {
          throw invalidArgument(`Resume: Entropy has ${bytes.length} bytes; wanted at most ${MAX_ENTROPY}`);
        }
        if (unixNanoseconds > 0n) machine.setClock(unixNanoseconds);
        if (bytes.length > 0) machine.reseed(bytes);
      },
    },
    [ResourceType.processors]: {
      [RequestType.update]: (value: unknown) => {
        const { count } = processors.decode(value, "Processors");
        if (count === 0) throw invalidArgument("Processors: Count is 0; a machine keeps one at least");
        return machine.setProcessors(count);
      },
    },
  };
}
