import { copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

/** Debian's busybox-static. */
export const BUSYBOX = "/bin/busybox";

/** Makes `root`/bin with busybox and a link for each of these applets. */
export function layBusybox(root: string, applets: readonly string[]): void {
  mkdirSync(join(root, "bin"), { recursive: true });
  copyFileSync(BUSYBOX, join(root, BUSYBOX));
  for (const applet of applets) symlinkSync("busybox", join(root, "bin", applet));
}
