import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { invalidArgument, isKind, notFound } from "../../errors/shim-error.ts";
import { MS } from "../../sys/mount-options.ts";
import { appears, type Wait } from "../appears.ts";
import { MountPoint } from "./mount-point.ts";
import type { MountCalls, ShareResolver } from "./ports.ts";

export interface VirtiofsSharesOptions extends Wait {
  /** The tag of the host's one device. */
  readonly tag?: string;
  /** Where it is mounted, with the first share. */
  readonly root?: string;
  /** Makes the kernel forget directory entries that nobody uses. */
  readonly dropDentries?: () => void;
}

/**
 * Shares of a host behind virtio-fs: one device for all of them, in which each is an entry by its name (a directory or a
 * file), and here a bind mount of that entry.
 */
export function virtiofsShares(calls: MountCalls, options: VirtiofsSharesOptions = {}): ShareResolver {
  const { tag = "uvm", root = "/run/uvm/shares", dropDentries = dropUnusedDentries, ...wait } = options;
  let mounted: Promise<void> | undefined;

  const mountRoot = async (): Promise<void> => {
    mkdirSync(root, { recursive: true });
    let refused: unknown;
    const done = await appears(() => {
      try {
        calls.mount({ source: tag, target: root, type: "virtiofs", flags: 0, data: "" });
        return true;
      } catch (error) {
        // What the kernel says while it knows no device of that tag: it is being plugged in.
        if (!isKind(error, "invalid-argument")) throw error;
        refused = error;
        return undefined;
      }
    }, wait);
    if (done === undefined) {
      throw notFound(`this guest has no virtio-fs device "${tag}"; cannot mount a share: ${String(refused)}`);
    }
  };

  return {
    async resolve({ name }) {
      if (name === "" || name === "." || name === ".." || /[/\0]/.test(name)) {
        throw invalidArgument(`MappedDirectory: ShareName ${JSON.stringify(name)} is not the name of an entry`);
      }
      mounted ??= mountRoot().catch((error: unknown) => {
        mounted = undefined;
        throw error;
      });
      await mounted;
      return { source: join(root, name), type: "", flags: MS.BIND, data: "" };
    },
    released() {
      if (mounted === undefined) return;
      // What the host mounted at an entry the kernel mounts here, by itself, when somebody walks into it. These hold the
      // host's files open; binds made from them live on without them.
      new MountPoint(calls, root).unmountBelow();
      dropDentries();
    },
  };
}

/** The host's file server keeps a file descriptor for each entry that this kernel remembers. */
function dropUnusedDentries(): void {
  writeFileSync("/proc/sys/vm/drop_caches", "2");
}
