import { type Stats, statSync } from "node:fs";
import { availableParallelism, release } from "node:os";
import { dirname } from "node:path";
import { ShimError } from "../../../errors/shim-error.ts";
import { list, parseAt, u32 } from "../../../prot/json-codec.ts";
import { field, record } from "../../../prot/json-record.ts";
import type { HostFacts } from "../../options/host-facts.ts";
import type { ComputeCore } from "./computecore/compute-core.ts";

const TOPOLOGY_QUERY = '{"PropertyTypes":["ProcessorTopology"]}';

const serviceProperties = record({
  properties: field("Properties", list(record({ logicalProcessorCount: field("LogicalProcessorCount", u32) }))),
});

/** Of the Windows that this process runs on; `warn` is told of what HCS does not tell. */
export function readHostFacts(
  core: Pick<ComputeCore, "getServiceProperties">,
  warn: (message: string) => void,
): HostFacts {
  return {
    // "10.0.26100"
    build: Number(release().split(".")[2] ?? 0),
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    logicalProcessors: logicalProcessors(core, warn),
    shimFolder: dirname(process.execPath),
    programFiles: process.env.ProgramFiles ?? "C:\\Program Files",
    workingFolder: process.cwd(),
    files: { has: (path) => look(path)?.isFile() ?? false },
    folders: { has: (path) => look(path)?.isDirectory() ?? false },
  };
}

/** Undefined also for what can't be looked at, or be a path: users write them. */
function look(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Not all are seen by a process: those of other processor groups, and those of guests alone, are not. */
function logicalProcessors(core: Pick<ComputeCore, "getServiceProperties">, warn: (message: string) => void): number {
  try {
    const text = core.getServiceProperties(TOPOLOGY_QUERY);
    const [topology] = serviceProperties.decode(parseAt(text, "ServiceProperties"), "ServiceProperties").properties;
    if (topology !== undefined && topology.logicalProcessorCount > 0) return topology.logicalProcessorCount;
  } catch (error) {
    warn(`HCS does not tell its host's processors: ${ShimError.from(error).message}`);
  }
  return availableParallelism();
}
