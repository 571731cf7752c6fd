import { notFound } from "../../errors/shim-error.ts";
import { appears } from "../appears.ts";
import { opens } from "./opens.ts";

/** The device of a partition, counted from 1; 0 is the whole disk. The kernel makes the node some time after the disk's. */
export async function partitionDevice(disk: string, partition: bigint): Promise<string> {
  if (partition === 0n) return disk;
  // A name that ends in a digit (nvme0n1, loop0) takes a "p" between.
  const device = `${disk}${/\d$/.test(disk) ? "p" : ""}${partition}`;
  if ((await appears(() => opens(device) || undefined)) === undefined) {
    throw notFound(`disk ${disk} has no partition ${partition}: ${device} did not appear`);
  }
  return device;
}
