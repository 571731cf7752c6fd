import { join } from "node:path";
import type { ContainerDocument } from "../../guestmanager/guest.ts";
import { guestDocument } from "./document.ts";
import type { StorageContext } from "./storage.ts";

/** For a guest that sees host paths: only the root file system has to be mounted. `guestBundle`: the guest's own copy. */
export async function mountOnHost(
  guestBundle: string,
  { request: { id, bundle, rootfs: mounts }, spec, vm, rootfs, held, signal }: Omit<StorageContext, "sandboxPid">,
): Promise<ContainerDocument> {
  const document = guestDocument({ id, bundle, guestBundle, spec }, vm.uvm);
  if (mounts.length > 0) {
    const target = join(bundle, "rootfs");
    await rootfs.mount(mounts, target);
    held.add("root file system", () => rootfs.unmount(target));
    signal.throwIfAborted();
  }
  return document;
}
