import type { Logger } from "../../../log/logger.ts";
import { createHvSocketHost } from "../../../transport/hvsocket/host.ts";
import type { Stack } from "../../uvm.ts";
import { hostComputeCore } from "./computecore/hcs-compute-core.ts";
import { readHostFacts } from "./host-facts.ts";
import { windowsFiles } from "./host-files.ts";
import { createHcsStack } from "./stack.ts";

/** The stack over this Windows' own computecore.dll and Hyper-V sockets. Throws unavailable where there is none. */
export function createWindowsHcsStack(log: Logger): Stack {
  const core = hostComputeCore();
  return createHcsStack({
    ...{ core, files: windowsFiles, log },
    host: () => readHostFacts(core, (message) => log.warn(message)),
    sockets: (vmId) => createHvSocketHost({ vmId, log }),
  });
}
