import { mkdirSync } from "node:fs";
import { ShimError } from "../../errors/shim-error.ts";
import { mountAll, unmountRecursive } from "../../sys/mount.ts";
import { errorCode } from "../../sys/sys-error.ts";
import type { Mount } from "../events.ts";
import type { RootfsPort } from "./ports.ts";

/** The root file system on this host, for stacks whose guest sees host paths (reference: containerd-shim 1.18). */
export const hostRootfs: RootfsPort = {
  async mount(mounts: readonly Mount[], target: string): Promise<void> {
    try {
      mkdirSync(target, { recursive: true, mode: 0o711 });
      mountAll(mounts, target);
    } catch (cause) {
      throw explain(cause, `cannot mount the root file system on ${target}`);
    }
  },
  async unmount(target: string): Promise<void> {
    try {
      unmountRecursive(target);
    } catch (cause) {
      throw explain(cause, `cannot unmount the root file system from ${target}`);
    }
  },
};

/** Bad mounts are the caller's fault, whatever else goes wrong is the host's. */
function explain(cause: unknown, what: string): ShimError {
  if (cause instanceof ShimError) return new ShimError(cause.kind, `${what}: ${cause.message}`, { cause });
  const callers = ["ENOENT", "EINVAL", "ENODEV", "ENOTDIR", "ENOTBLK", "ELOOP", "ENAMETOOLONG"];
  const kind = callers.includes(errorCode(cause) ?? "") ? "invalid-argument" : "internal";
  return new ShimError(kind, `${what}: ${ShimError.from(cause).message}`, { cause });
}
