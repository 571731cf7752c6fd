import { realpathSync, statfsSync, statSync } from "node:fs";
import { notFound } from "../../errors/shim-error.ts";
import type { HostFiles } from "./mount-plan.ts";

const TMPFS_MAGIC = 0x01021994;

export const hostFiles: HostFiles = {
  kindOf(path) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return "missing";
    if (stat.isDirectory()) return "directory";
    if (stat.isBlockDevice()) return "block-device";
    if (stat.isCharacterDevice()) return "character-device";
    if (stat.isSocket()) return "socket";
    return stat.isFIFO() ? "fifo" : "file";
  },
  tmpfsSize(path) {
    const { type, blocks, bsize } = statfsSync(path);
    return type === TMPFS_MAGIC ? blocks * bsize : undefined;
  },
  resolve(path) {
    try {
      return realpathSync.native(path);
    } catch (cause) {
      throw notFound(`${path} does not exist; cannot attach it`, cause);
    }
  },
};
