import { alreadyExists, invalidArgument, unimplemented } from "../errors/shim-error.ts";

/** What a stack may be asked to do to a running or new UVM. `supported()` is true exactly where the call works. */
export const resources = [
  "lifetime",
  "scsi",
  "vpmem",
  "network",
  "pci",
  "pipe",
  "plan9",
  "vsmb",
  "vm-socket",
  "cpu-group",
  "cpu-limits",
  "memory",
  "processor",
  "statistics",
] as const;
export type Resource = (typeof resources)[number];

export const operations = [
  "create",
  "start",
  "pause",
  "resume",
  "save",
  "restore",
  "terminate",
  "add",
  "remove",
  "update",
  "read",
] as const;
export type Operation = (typeof operations)[number];

/** virtstack's ErrAlreadySet: what may be given once was given before. */
export function alreadySet(what: string): Error {
  return alreadyExists(`${what} has already been set`);
}

/** virtstack's ErrUnsupportedGuestOS. */
export function unsupportedGuestOs(stack: string, os: "linux" | "windows", what: string): Error {
  return unimplemented(`stack ${stack} does not support ${what} with a ${os} guest`);
}

/** virtstack's ErrUnknownGuestOS. */
export function unknownGuestOs(os: string): Error {
  return invalidArgument(`guest operating system ${JSON.stringify(os)} is not known: use linux or windows`);
}

export function notSupported(stack: string, resource: Resource, operation: Operation): Error {
  return unimplemented(`stack ${stack} does not support ${operation} of ${resource}`);
}
