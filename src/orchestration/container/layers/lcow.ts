import { type BringContext, bring } from "../bring.ts";
import type { LcowLayers } from "./layer-mounts.ts";

/** Where a container is in an LCOW guest (hcsshim's paths): its pod may be another's, whose scratch disk it shares. */
export interface LcowPlace {
  readonly podId: string;
  readonly id: string;
  /** hcsshim's annotation, of the VM: scratch disks are encrypted, by a key that only the guest has. */
  readonly encryptScratch: boolean;
}

export const lcowBundle = ({ podId, id }: Pick<LcowPlace, "podId" | "id">): string => `/run/gcs/pods/${podId}/${id}`;

/**
 * The layers, each in persistent memory or on a disk; the scratch disk, formatted where it is new and shared with the
 * containers that name the same; and an overlay of both in the bundle. Answers where the container's own part of the
 * scratch is. What was acquired, also by a call that failed, is held.
 */
export async function bringLcowLayers(
  { layers, scratch }: LcowLayers,
  place: LcowPlace,
  context: BringContext,
): Promise<string> {
  const { podId, id, encryptScratch } = place;
  // One after the other, as hcsshim does: a layer that fails costs no more than it has to.
  const paths: string[] = [];
  for (const layer of layers) paths.push(await bring({ kind: "layer", request: layer }, context));
  const disk = {
    hostPath: scratch,
    readOnly: false,
    // The snapshotter has made it for its own use; of the layers' VHDs it says that any VM may read them.
    access: "individual",
    ensureFileSystem: true,
    fileSystem: encryptScratch ? "xfs" : "ext4",
    ...(encryptScratch && { encrypted: true }),
  } as const;
  const scratchPath = `${await bring({ kind: "disk", request: disk }, context)}/scratch/${podId}/${id}`;
  const request = {
    containerId: id,
    containerRootPath: `${lcowBundle(place)}/rootfs`,
    // Without ids, as hcsshim's.
    layers: paths.map((path) => ({ id: "", path })),
    scratchPath,
  };
  await bring({ kind: "layers", request, releaseFirst: true }, context);
  return scratchPath;
}
