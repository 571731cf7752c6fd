import { MS, parseMountOptions } from "../../sys/mount-options.ts";
import { probeFileSystem } from "./file-system.ts";
import { MountPoint } from "./mount-point.ts";
import type { MountCalls } from "./ports.ts";

export interface BlockDeviceMount {
  readonly device: string;
  readonly target: string;
  /** "": what the device holds, ext4 where that is unknown (the kernel then says what is wrong). */
  readonly fileSystem: string;
  readonly readOnly: boolean;
  readonly options: readonly string[];
}

/** File systems without a way to write; mounted for writing the kernel would open a read-only disk for it, and fail. */
const READ_ONLY = new Set(["erofs", "squashfs"]);

/** A disk whose host lets nobody write can't replay its journal. */
const WITHOUT_JOURNAL: Readonly<Record<string, string>> = { ext4: "noload", ext3: "noload", xfs: "norecovery" };

export function mountBlockDevice(calls: MountCalls, mount: BlockDeviceMount): void {
  const probed = mount.fileSystem === "" ? probeFileSystem(mount.device) : mount.fileSystem;
  const type = probed === "blank" || probed === "unknown" ? "ext4" : probed;
  const { flags, data } = parseMountOptions(mount.options);
  const words = data === "" ? [] : [data];
  const withoutJournal = WITHOUT_JOURNAL[type];
  if (mount.readOnly && withoutJournal !== undefined) words.push(withoutJournal);
  new MountPoint(calls, mount.target).mount({
    source: mount.device,
    type,
    flags: flags | (mount.readOnly || READ_ONLY.has(type) ? MS.RDONLY : 0),
    data: words.join(","),
  });
}
