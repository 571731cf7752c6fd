import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { notFound } from "../../errors/shim-error.ts";

const APPEARS_WITHIN_MS = 5_000;
const POLL_MS = 10;

/** The device of a partition, counted from 1; 0 is the whole disk. The kernel makes the node some time after the disk's. */
export async function partitionDevice(disk: string, partition: bigint): Promise<string> {
  if (partition === 0n) return disk;
  // A name that ends in a digit (nvme0n1, loop0) takes a "p" between.
  const device = `${disk}${/\d$/.test(disk) ? "p" : ""}${partition}`;
  for (let waited = 0; !existsSync(device); waited += POLL_MS) {
    if (waited >= APPEARS_WITHIN_MS)
      throw notFound(`disk ${disk} has no partition ${partition}: ${device} did not appear`);
    await sleep(POLL_MS);
  }
  return device;
}
