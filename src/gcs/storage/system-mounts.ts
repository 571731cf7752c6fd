import { type ErrorKind, ShimError } from "../../errors/shim-error.ts";
import { mount, unmount } from "../../sys/mount.ts";
import { errorCode } from "../../sys/sys-error.ts";
import type { MountCalls } from "./ports.ts";

/** The MountCalls of this machine. */
export const systemMounts: MountCalls = {
  mount({ source, target, type, flags, data }) {
    try {
      mount(source, target, type, flags, data);
    } catch (error) {
      if (error instanceof ShimError) throw error;
      const kind = KINDS.get(errorCode(error) ?? "") ?? "internal";
      const what = type === "" ? "bind mount" : `${type} mount`;
      throw new ShimError(kind, `${what} of "${source}" on "${target}" failed: ${String(error)}`, { cause: error });
    }
  },
  unmount(target) {
    try {
      unmount(target);
    } catch (error) {
      const kind = errorCode(error) === "EBUSY" ? "failed-precondition" : "internal";
      throw new ShimError(kind, `"${target}" is in use or cannot be unmounted: ${String(error)}`, { cause: error });
    }
  },
};

const KINDS: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>([
  ["ENOENT", "not-found"],
  ["ENODEV", "invalid-argument"],
  ["EINVAL", "invalid-argument"],
  ["ENOTDIR", "invalid-argument"],
  ["EACCES", "permission-denied"],
  ["EPERM", "permission-denied"],
  ["EROFS", "failed-precondition"],
]);
