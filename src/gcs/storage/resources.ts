import { unimplemented } from "../../errors/shim-error.ts";
import { RequestType } from "../../prot/protocol.ts";
import { ResourceType } from "../../prot/resources/resource-type.ts";
import { CombinedLayers } from "./combined-layers.ts";
import { MappedDirectory } from "./mapped-directory.ts";
import { MappedVirtualDisk } from "./mapped-virtual-disk.ts";
import { MappedVpmem } from "./mapped-vpmem.ts";
import type { DiskResolver, MountCalls, PmemResolver, RunProgram, ShareResolver } from "./ports.ts";

export interface StorageResolvers {
  /** Default: every share is unimplemented. */
  readonly shares?: ShareResolver;
  /** Default: every disk is unimplemented. */
  readonly disks?: DiskResolver;
  /** Default: every device is unimplemented. */
  readonly pmem?: PmemResolver;
}

type Handlers = Readonly<Record<string, Readonly<Record<string, (settings: unknown) => void | Promise<void>>>>>;

/** ModifySettings of storage: resource type -> request type -> what to do with the Settings. */
export function storageResources(calls: MountCalls, run: RunProgram, resolvers: StorageResolvers): Handlers {
  const layers = new CombinedLayers(calls);
  const directories = new MappedDirectory(calls, resolvers.shares ?? NO_SHARES);
  const disks = new MappedVirtualDisk(calls, resolvers.disks ?? NO_DISKS, run);
  const vpmem = new MappedVpmem(calls, resolvers.pmem ?? NO_PMEM);
  return {
    [ResourceType.combinedLayers]: {
      [RequestType.add]: (settings) => layers.add(settings),
      [RequestType.remove]: (settings) => layers.remove(settings),
    },
    [ResourceType.mappedDirectory]: {
      [RequestType.add]: (settings) => directories.add(settings),
      [RequestType.remove]: (settings) => directories.remove(settings),
    },
    [ResourceType.mappedVirtualDisk]: {
      [RequestType.add]: (settings) => disks.add(settings),
      [RequestType.remove]: (settings) => disks.remove(settings),
    },
    [ResourceType.scsiDevice]: { [RequestType.remove]: (settings) => disks.removeDevice(settings) },
    [ResourceType.vpmemDevice]: {
      [RequestType.add]: (settings) => vpmem.add(settings),
      [RequestType.remove]: (settings) => vpmem.remove(settings),
    },
  };
}

const NO_SHARES: ShareResolver = {
  async resolve({ name }) {
    throw unimplemented(`this guest has no shares of its host; cannot mount "${name}"`);
  },
};

const NO_DISKS: DiskResolver = {
  async find({ controller, lun }) {
    throw unimplemented(`this guest has no disks of its host; cannot find controller ${controller}, LUN ${lun}`);
  },
  async release() {},
};

const NO_PMEM: PmemResolver = {
  async find(deviceNumber) {
    throw unimplemented(`this guest has no persistent memory of its host; cannot find device ${deviceNumber}`);
  },
};
