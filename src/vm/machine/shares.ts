import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { invalidArgument, notFound, ShimError } from "../../errors/shim-error.ts";
import { close } from "../../sys/libc.ts";
import { bindTree, openPath } from "../../sys/mount-tree.ts";
import { errorCode } from "../../sys/sys-error.ts";
import { Virtiofsd } from "../../vmmanager/stacks/qemu/devices/virtiofsd.ts";
import type { QmpArguments } from "../../vmmanager/stacks/qemu/qmp/commands.ts";
import type { Share } from "../configuration.ts";
import { type AttachContext, pciAddress } from "./context.ts";

/** Where the shares' directories are mounted, as the guest is to see them: read-only holds on the host already. */
export const SHARE_POINTS = "shares";

/** A virtio-fs device with the share's tag, behind a virtiofsd of its own, which the caller stops. */
export async function attachShare(
  share: Share,
  slot: number,
  context: AttachContext,
  started: (virtiofsd: Virtiofsd) => void,
): Promise<void> {
  const { monitor, settings, directory, signal } = context;
  const point = join(directory, SHARE_POINTS, String(slot));
  mkdirSync(point, { recursive: true, mode: 0o755 });
  bindDirectory(share, point);
  const virtiofsd = Virtiofsd.start(settings, point);
  started(virtiofsd);
  const id = shareId(slot);
  const connection = virtiofsd.takeConnection();
  try {
    await monitor.nameFd(id, connection, { signal });
  } finally {
    close(connection);
  }
  await monitor.qmp.execute("chardev-add", shareChardev(slot), { signal });
  await monitor.qmp.execute("device_add", shareDevice(share, slot), { signal });
}

/** The host's path is resolved once, here: what is put in its place later is not shared. */
function bindDirectory({ tag, hostPath, readOnly }: Share, point: string): void {
  let source: number;
  try {
    source = openPath(`${hostPath}/.`);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT") throw notFound(`${hostPath} does not exist; cannot share it as ${tag}`, error);
    if (code === "ENOTDIR") throw invalidArgument(`${hostPath} is no directory; cannot share it as ${tag}`, error);
    throw ShimError.from(error, "internal");
  }
  try {
    bindTree(source, point, { readOnly, propagation: "private" });
  } finally {
    close(source);
  }
}

const shareId = (slot: number): string => `share-${slot}`;

/** Its fd has been given to QEMU under the same name. */
export function shareChardev(slot: number): QmpArguments["chardev-add"] {
  const id = shareId(slot);
  return { id, backend: { type: "socket", data: { addr: { type: "fd", data: { str: id } }, server: false } } };
}

export function shareDevice({ tag }: Share, slot: number): QmpArguments["device_add"] {
  const chardev = shareId(slot);
  return { driver: "vhost-user-fs-pci", id: `dev-${slot}`, chardev, tag, "queue-size": 1024, ...pciAddress(slot) };
}
