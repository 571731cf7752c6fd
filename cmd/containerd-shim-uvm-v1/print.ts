import { writeSync } from "node:fs";
import { PROGRAM } from "../../src/shim/identity.ts";

/** To stdout, whole: process.stdout costs more than all of `start`. */
export function print(bytes: Uint8Array): void {
  for (let sent = 0; sent < bytes.length; ) sent += writeSync(1, bytes.subarray(sent));
}

/** One line: on a failure containerd shows stdout and stderr together as the error. */
export function complain(message: string): void {
  writeSync(2, `${PROGRAM}: ${message.replaceAll(/\s*\n\s*/g, " ")}\n`);
}
