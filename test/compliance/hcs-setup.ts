import { Options } from "../../src/generated/containerd/runhcs/v1.ts";
import type { Logger } from "../../src/log/logger.ts";
import { createMemorySockets } from "../../src/transport/memory.ts";
import type { HostFacts } from "../../src/vmmanager/options/host-facts.ts";
import type { HostFiles } from "../../src/vmmanager/stacks/hcs/host-files.ts";
import { createHcsStack, type HcsStackOptions } from "../../src/vmmanager/stacks/hcs/stack.ts";
import type { Stack, UvmOptions } from "../../src/vmmanager/uvm.ts";
import { ComputeCoreStandIn, type SystemStandIn } from "./compute-core-stand-in.ts";

/** A Windows host with the files that VMs boot from. */
export const windowsHost: HostFacts = {
  build: 26100,
  architecture: "amd64",
  logicalProcessors: 8,
  shimFolder: "C:\\shim",
  programFiles: "C:\\Program Files",
  workingFolder: "C:\\work",
  files: new Set(["C:\\boot\\kernel", "C:\\boot\\initrd.img", "C:\\scratch\\vm\\sandbox.vhdx"]),
  folders: new Set(["C:\\boot", "C:\\layer\\UtilityVM"]),
};

export interface HcsSetup {
  readonly core: ComputeCoreStandIn;
  /** What was done with files, a line each. */
  readonly work: string[];
  readonly stack: Stack;
}

export function hcsSetup(more: Partial<HcsStackOptions> & { readonly log?: Logger } = {}): HcsSetup {
  const core = new ComputeCoreStandIn();
  const work: string[] = [];
  const note =
    (verb: string) =>
    async (...words: readonly string[]): Promise<void> =>
      void work.push([verb, ...words].join(" "));
  const files: HostFiles = {
    copy: note("copy"),
    makeFolder: note("make"),
    read: async (path) => (path.endsWith("reference_info.cose") ? btoa(path) : ""),
    grantVmGroupAccess: note("grant all"),
  };
  const sockets = () => createMemorySockets().host;
  return { core, work, stack: createHcsStack({ core, files, host: () => windowsHost, sockets, ...more }) };
}

export function lcowOptions(annotations: Readonly<Record<string, string>> = {}, id = "p1"): UvmOptions {
  const options = Options.create({ sandboxPlatform: "linux/amd64", bootFilesRootPath: "C:\\boot" });
  return { id, stateDirectory: "C:\\state", runhcs: { spec: { annotations, linux: {} }, options } };
}

export function wcowOptions(annotations: Readonly<Record<string, string>> = {}, id = "p1"): UvmOptions {
  const options = Options.create({ sandboxPlatform: "windows/amd64" });
  const windows = { layerFolders: ["C:\\layer", "C:\\scratch"] };
  return { id, stateDirectory: "C:\\state", runhcs: { spec: { annotations, windows }, options } };
}

export const systemOf = ({ core }: HcsSetup, id = "p1"): SystemStandIn => {
  const system = core.systems.get(`${id}@vm`);
  if (system === undefined) throw new Error(`HCS has no system ${id}@vm`);
  return system;
};
