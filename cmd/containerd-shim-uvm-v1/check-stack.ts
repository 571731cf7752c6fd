import type { Settings } from "../../src/config/settings.ts";
import { assertNever, failedPrecondition } from "../../src/errors/shim-error.ts";

/**
 * Throws failed-precondition for a stack that this build does not have. Never falls back to another: the local stack
 * isolates less, so only a configuration that names it may choose it.
 */
export function checkStack(stack: Settings["stack"]): void {
  switch (stack) {
    case "local":
      return;
    case "qemu":
    case "remotevm":
    case "hcs":
      throw failedPrecondition(
        `stack ${stack} is not available in this build; to run containers on this host, without a VM, set ` +
          `stack = "local" in /etc/uvm-shim/config.toml or in the runtime's config file`,
      );
    default:
      assertNever(stack);
  }
}
