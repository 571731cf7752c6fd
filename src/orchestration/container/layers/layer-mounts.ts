import { win32 } from "node:path";
import { failedPrecondition, invalidArgument } from "../../../errors/shim-error.ts";
import { parseJson } from "../../../oci/json.ts";
import type { Spec } from "../../../oci/spec.ts";
import type { Mount } from "../../events.ts";

/** A Linux root file system as containerd's Windows snapshotters give it: VHDs that the VM opens. */
export interface LcowLayers {
  /** Read-only, the topmost first. */
  readonly layers: readonly LcowLayer[];
  /** Its VHDX for what the container writes; may be a link to another container's. */
  readonly scratch: string;
}

export interface LcowLayer {
  readonly hostPath: string;
  /** 0: the whole disk. */
  readonly partition: number;
}

/** A Windows root file system: folders that a filter in the VM lays over each other. */
export interface WcowLayers {
  /** Read-only, the topmost first. */
  readonly layers: readonly string[];
  /** The folder of the container's own layer, with its sandbox.vhdx. */
  readonly scratchFolder: string;
}

const LCOW_TYPES = ["lcow-layer", "lcow-partitioned-layer"];

/** Whether it is a root file system of a Linux container on a Windows host. A root that is there already goes before folders. */
export function isLcowRootfs(mounts: readonly Mount[], spec: Spec): boolean {
  if (mounts.length > 0) return mounts.some(({ type }) => LCOW_TYPES.includes(type));
  return (spec.root?.path ?? "") === "" && layerFolders(spec).length > 0;
}

/** Throws failed-precondition for anything but one of them, invalid-argument for one that says nothing. */
export function readLcowLayers(mounts: readonly Mount[], spec: Spec): LcowLayers {
  const source = oneSource(mounts, layerFolders(spec));
  if ("folders" in source) return lcowOfFolders(source.folders, source.scratch);
  const { type, source: folder, options } = source.mount;
  switch (type) {
    case "lcow-layer":
      return lcowOfFolders(parentLayers(source.mount), folder);
    case "lcow-partitioned-layer":
      return partitioned(options);
    default:
      throw invalidArgument(`root file system of type ${type} is none of a Linux container: ${LCOW_TYPES.join(", ")}`);
  }
}

/** The same of a Windows container: "windows-layer". */
export function readWcowLayers(mounts: readonly Mount[], spec: Spec): WcowLayers {
  const source = oneSource(mounts, layerFolders(spec));
  if ("folders" in source) return { layers: source.folders, scratchFolder: source.scratch };
  const { mount } = source;
  if (mount.type !== "windows-layer") {
    throw invalidArgument(`root file system of type ${mount.type} is none of a Windows container: windows-layer`);
  }
  return { layers: parentLayers(mount), scratchFolder: mount.source };
}

/** Of the spec's `windows`. Throws invalid-argument for what is no list of texts. */
export function layerFolders({ windows }: Spec): readonly string[] {
  const folders = typeof windows === "object" && windows !== null ? Reflect.get(windows, "layerFolders") : undefined;
  return folders === undefined || folders === null ? [] : texts(folders, "windows.layerFolders");
}

type Source = { readonly mount: Mount } | { readonly folders: readonly string[]; readonly scratch: string };

/** hcsshim's rules of what may be given. */
function oneSource(mounts: readonly Mount[], folders: readonly string[]): Source {
  const [mount, ...more] = mounts;
  if (mount === undefined) {
    const scratch = folders.at(-1);
    if (scratch === undefined) throw failedPrecondition("no root file system: give a mount, or windows.layerFolders");
    if (folders.length < 2) {
      throw failedPrecondition("windows.layerFolders has one folder: give a layer and the container's own at least");
    }
    return { folders: folders.slice(0, -1), scratch };
  }
  if (folders.length > 0) throw failedPrecondition("a root file system twice: by a mount, and by windows.layerFolders");
  if (more.length > 0) throw failedPrecondition(`a root file system of ${mounts.length} mounts: give one`);
  if (mount.target !== "") throw failedPrecondition(`mount of type ${mount.type} has the target ${mount.target}`);
  return { mount };
}

function lcowOfFolders(parents: readonly string[], scratchFolder: string): LcowLayers {
  return {
    layers: parents.map((folder) => ({ hostPath: win32.join(folder, "layer.vhd"), partition: 0 })),
    scratch: win32.join(scratchFolder, "sandbox.vhdx"),
  };
}

const PARENTS = "parentLayerPaths=";
const SCRATCH = "scratch=";
const PARTITIONED = "parent-partitioned-layers=";

/** Without the option, none; the first of them counts. */
function parentLayers({ options }: Mount): readonly string[] {
  const value = options.find((option) => option.startsWith(PARENTS))?.slice(PARENTS.length);
  return value === undefined ? [] : texts(json(value, "parentLayerPaths"), "parentLayerPaths");
}

/** The last of each option counts; there are no others. */
function partitioned(options: readonly string[]): LcowLayers {
  let scratch = "";
  let layers: readonly LcowLayer[] = [];
  for (const option of options) {
    if (option.startsWith(SCRATCH)) scratch = option.slice(SCRATCH.length);
    else if (option.startsWith(PARTITIONED)) layers = partitionedLayers(option.slice(PARTITIONED.length));
    else throw invalidArgument(`mount of type lcow-partitioned-layer has the unknown option ${option}`);
  }
  if (scratch === "") throw invalidArgument("mount of type lcow-partitioned-layer has no scratch");
  return { layers, scratch };
}

function partitionedLayers(value: string): readonly LcowLayer[] {
  const list = json(value, "parent-partitioned-layers");
  if (!Array.isArray(list)) throw invalidArgument("parent-partitioned-layers is no list");
  return list.map((entry: unknown, at) => {
    const what = `parent-partitioned-layers[${at}]`;
    if (typeof entry !== "object" || entry === null) throw invalidArgument(`${what} is no object`);
    const hostPath: unknown = Reflect.get(entry, "Path");
    const partition: unknown = Reflect.get(entry, "Partition") ?? 0;
    if (typeof hostPath !== "string" || hostPath === "") throw invalidArgument(`${what} has no Path`);
    if (typeof partition !== "number" || !Number.isInteger(partition) || partition < 0) {
      throw invalidArgument(`${what} has the Partition ${String(partition)}`);
    }
    return { hostPath, partition };
  });
}

function json(text: string, what: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw invalidArgument(`${what} is not JSON`, cause);
  }
}

function texts(value: unknown, what: string): readonly string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "")) return value;
  throw invalidArgument(`${what} is no list of paths`);
}
