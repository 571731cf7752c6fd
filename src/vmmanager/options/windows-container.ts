import { anyContainer, windowsContainer } from "../../config/annotations/container.ts";
import { parseI32 } from "../../config/annotations/go-values.ts";
import { invalidArgument } from "../../errors/shim-error.ts";
import type { AnnotationReader } from "./annotation-reader.ts";
import { type RegistryValue, readRegistryValues } from "./registry-values.ts";
import type { WindowsResources } from "./windows-resources.ts";

const CONTAINER_ID = /(\{container_id\}|\{CONTAINER_ID\})$/;
const ALL_PROCESSORS = 10_000;

/** What annotations and the spec's resources say of one WCOW container. Zeros: no limit. */
export interface WindowsContainerOptions {
  /** One of the three is set at most. */
  readonly processors: number;
  /** Of all processors, in 1/100 %. */
  readonly processorLimit: number;
  readonly processorWeight: number;
  readonly memoryMiB: bigint;
  readonly storageIops: number;
  /** Bytes per second. */
  readonly storageBandwidth: number;
  /** Of processes, in the container. */
  readonly dumps?: { readonly folder: string; readonly type: "mini" | "full"; readonly count: number };
  readonly deviceExtensions: readonly string[];
  readonly groupAccount: boolean;
  readonly hostProcess?: { readonly inheritUser: boolean; readonly rootfs: string };
  readonly testValues: readonly RegistryValue[];
}

export interface WindowsContainerRequest {
  readonly id: string;
  readonly read: AnnotationReader;
  readonly resources: WindowsResources;
  readonly hostProcessors: number;
  /** Undefined: no VM, the host itself. */
  readonly vmProcessors?: number;
  /** The runtime option: the limit was reckoned by the host's processors, and is to hold by the VM's. */
  readonly scaleLimit: boolean;
  /** Of the container's VM; empty: none. */
  readonly vmDumpLocation: string;
}

/** Throws invalid-argument for two limits of processors, and for dumps of an unknown kind. */
export function readWindowsContainer(request: WindowsContainerRequest): WindowsContainerOptions {
  const { read, resources } = request;
  const dumps = readDumps(request);
  return {
    ...readProcessors(request),
    memoryMiB: read.u64(anyContainer.memorySize, 0n) || resources.memoryMiB,
    storageIops: Math.max(0, read.i32(anyContainer.storageIops, 0) || resources.storageIops),
    storageBandwidth: Math.max(0, read.i32(anyContainer.storageBandwidth, 0) || resources.storageBandwidth),
    ...(dumps === undefined ? {} : { dumps }),
    deviceExtensions: read.textList(windowsContainer.deviceExtensions),
    groupAccount: !read.bool(windowsContainer.disableGmsa, false),
    ...(read.bool(windowsContainer.hostProcess, false)
      ? {
          hostProcess: {
            inheritUser: read.bool(windowsContainer.inheritUser, false),
            rootfs: read.text(windowsContainer.rootfsLocation),
          },
        }
      : {}),
    testValues: readRegistryValues(read, windowsContainer.testRegistry),
  };
}

function readProcessors(request: WindowsContainerRequest) {
  const { read, resources, hostProcessors, vmProcessors = hostProcessors } = request;
  const count = Math.max(0, read.i32(anyContainer.processorCount, 0) || resources.processors);
  const limit = read.i32(anyContainer.processorLimit, 0) || resources.processorLimit;
  const processorWeight = read.i32(anyContainer.processorWeight, 0) || resources.processorWeight;
  if ([count, limit, processorWeight].filter((value) => value > 0).length > 1) {
    throw invalidArgument(
      `container ${request.id} has processors ${count}, limit ${limit} and weight ${processorWeight}: set one of them`,
    );
  }
  const processors = Math.min(count, vmProcessors);
  if (processors < count) read.warn(`container ${request.id} gets ${processors} processors instead of ${count}`);
  const scaled = request.scaleLimit && limit > 0 && request.vmProcessors !== undefined;
  const processorLimit = scaled
    ? Math.min(ALL_PROCESSORS, Math.max(1, Math.trunc((limit * hostProcessors) / vmProcessors)))
    : limit;
  return { processors, processorLimit, processorWeight };
}

/** A folder that ends in {container_id} is the container's own. */
function readDumps({ id, read, vmDumpLocation }: WindowsContainerRequest): WindowsContainerOptions["dumps"] {
  const location = read.text(anyContainer.dumpLocation, vmDumpLocation);
  if (location === "") return undefined;
  const type = read.text(windowsContainer.dumpType) || "full";
  if (type !== "mini" && type !== "full") {
    throw invalidArgument(
      `annotation ${windowsContainer.dumpType.name} is ${JSON.stringify(type)}, wanted mini or full`,
    );
  }
  const text = read.values[windowsContainer.dumpCount.name] ?? "";
  const count = text === "" ? 10 : (parseI32(text) ?? 0);
  if (count <= 0) {
    throw invalidArgument(
      `annotation ${windowsContainer.dumpCount.name} is ${JSON.stringify(text)}: keep one at least`,
    );
  }
  return { folder: location.replace(CONTAINER_ID, () => id), type, count };
}
