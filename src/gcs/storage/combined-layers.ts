import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { invalidArgument, ShimError } from "../../errors/shim-error.ts";
import { lcowCombinedLayers } from "../../prot/resources/layers.ts";
import { MS } from "../../sys/mount-options.ts";
import { guestPath } from "../guest-path.ts";
import { MountPoint, removeEmpty } from "./mount-point.ts";
import type { MountCalls } from "./ports.ts";

/** mount(2) takes one page of data, its closing NUL included. */
const MAX_MOUNT_DATA = 4095;

/**
 * Resource "CombinedLayers": the container's root from its read-only layers, topmost
 * first, and a scratch directory for what it writes; without one it is read-only
 * (reference: hcsshim 6.3).
 */
export class CombinedLayers {
  readonly #calls: MountCalls;

  constructor(calls: MountCalls) {
    this.#calls = calls;
  }

  add(value: unknown): void {
    const settings = lcowCombinedLayers.decode(value, "CombinedLayers");
    const root = guestPath(settings.containerRootPath, "CombinedLayers.ContainerRootPath");
    const layers = settings.layers.map((layer) => guestPath(layer.path, "CombinedLayers.Layers.Path"));
    const scratch =
      settings.scratchPath === "" ? undefined : guestPath(settings.scratchPath, "CombinedLayers.ScratchPath");
    const [only] = layers;
    if (only === undefined) throw invalidArgument(`CombinedLayers: "${root}" has no layers; cannot mount it`);
    const point = new MountPoint(this.#calls, root);
    if (scratch === undefined && layers.length === 1) {
      this.#bindReadOnly(point, only, root);
      return;
    }
    const options = [`lowerdir=${layers.map(escapeLayer).join(":")}`];
    if (scratch === undefined) {
      point.mount({ source: "overlay", type: "overlay", flags: MS.RDONLY, data: overlayData(options) });
      return;
    }
    point.refuseTwice();
    const directories = [join(scratch, "upper"), join(scratch, "work")];
    const made = directories.filter((directory) => makeDirectory(directory));
    try {
      const [upper = "", work = ""] = directories.map((directory) => directory.replace(/[\\,]/g, "\\$&"));
      point.mount({
        source: "overlay",
        type: "overlay",
        flags: 0,
        data: overlayData([...options, `upperdir=${upper}`, `workdir=${work}`]),
      });
    } catch (error) {
      for (const directory of made) removeEmpty(directory);
      throw error;
    }
  }

  /** Success for a path that is missing or not mounted. The scratch stays: it is the host's disk. */
  remove(value: unknown): void {
    const root = lcowCombinedLayers.decode(value, "CombinedLayers").containerRootPath;
    new MountPoint(this.#calls, guestPath(root, "CombinedLayers.ContainerRootPath")).unmount();
  }

  /** The kernel wants two lower directories of an overlay without an upper one. */
  #bindReadOnly(point: MountPoint, layer: string, root: string): void {
    point.mount({ source: layer, type: "", flags: MS.BIND, data: "" });
    try {
      this.#calls.mount({ source: "", target: root, type: "", flags: MS.BIND | MS.REMOUNT | MS.RDONLY, data: "" });
    } catch (error) {
      point.unmount();
      throw error;
    }
  }
}

function overlayData(options: readonly string[]): string {
  const data = options.join(",");
  if (Buffer.byteLength(data) > MAX_MOUNT_DATA) {
    throw invalidArgument(
      `CombinedLayers: the layer paths need more than ${MAX_MOUNT_DATA} bytes; cannot mount them: use shorter paths`,
    );
  }
  return data;
}

/** overlayfs splits at ":" and ",", and unescapes backslashes. */
function escapeLayer(path: string): string {
  return path.replace(/[\\:,]/g, "\\$&");
}

function makeDirectory(path: string): boolean {
  try {
    return mkdirSync(path, { recursive: true }) !== undefined;
  } catch (error) {
    throw new ShimError("failed-precondition", `scratch directory "${path}" cannot be made: ${String(error)}`, {
      cause: error,
    });
  }
}
