import type { Flags } from "./flags.ts";

/**
 * The daemon's command line: no action, else as containerd's own, since people and test suites look for
 * `-namespace X -id Y` in it (reference: containerd-shim, 1.2).
 */
export function daemonArguments(flags: Flags): string[] {
  const args = ["-namespace", flags.namespace, "-id", flags.id, "-address", flags.address];
  if (flags.publishBinary !== "") args.push("-publish-binary", flags.publishBinary);
  if (flags.debug) args.push("-debug");
  return args;
}
