import type { Settings } from "../../src/config/settings.ts";
import { assertNever, failedPrecondition } from "../../src/errors/shim-error.ts";
import type { Logger } from "../../src/log/logger.ts";
import { Reaper } from "../../src/sys/reaper.ts";
import { createLocalStack } from "../../src/vmmanager/stacks/local/stack.ts";
import type { Stack } from "../../src/vmmanager/uvm.ts";
import { checkStack } from "./check-stack.ts";

/** The stack by its name; see `checkStack` for those that this build does not have. */
export function createStack(name: Settings["stack"], log: Logger): Stack {
  checkStack(name);
  switch (name) {
    case "local": {
      const reaper = new Reaper();
      reaper.start();
      return createLocalStack({ reaper, log });
    }
    case "qemu":
    case "remotevm":
    case "hcs":
      throw failedPrecondition(`stack ${name} is not available in this build`);
    default:
      return assertNever(name);
  }
}
