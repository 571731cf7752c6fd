import { type ErrorKind, ShimError } from "../../errors/shim-error.ts";
import { mount, unmount } from "../../sys/mount.ts";
import { errorCode } from "../../sys/sys-error.ts";
import type { MountCalls, MountRequest } from "./ports.ts";

/** The MountCalls of this machine. */
export const systemMounts: MountCalls = {
  mount({ source, target, type, flags, data }) {
    try {
      mount(source, target, type, flags, data);
    } catch (error) {
      throw mountError(error, { type, source, target });
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

/** What mount(2) threw, with a kind, and with what was to be mounted. */
export function mountError(
  thrown: unknown,
  { type, source, target }: Pick<MountRequest, "type" | "source" | "target">,
): ShimError {
  if (thrown instanceof ShimError) return thrown;
  const kind = KINDS.get(errorCode(thrown) ?? "") ?? "internal";
  const what = type === "" ? "bind mount" : `${type} mount`;
  return new ShimError(kind, `${what} of "${source}" on "${target}" failed: ${String(thrown)}`, { cause: thrown });
}

const KINDS: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>([
  ["ENOENT", "not-found"],
  ["ENODEV", "invalid-argument"],
  ["EINVAL", "invalid-argument"],
  ["ENOTDIR", "invalid-argument"],
  ["EACCES", "permission-denied"],
  ["EPERM", "permission-denied"],
  ["EROFS", "failed-precondition"],
]);
