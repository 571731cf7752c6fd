import type { Settings } from "../../src/config/settings.ts";
import { assertNever, failedPrecondition } from "../../src/errors/shim-error.ts";

/**
 * Throws failed-precondition for a stack that can't be had here: this build has none such, or this host lacks what it
 * needs. Never falls back to another: the local stack isolates less, so only a configuration that names it may choose it.
 * Loads what finds that one's files, and no other's.
 */
export async function checkStack({ stack, qemu, remotevm }: Settings): Promise<void> {
  switch (stack) {
    case "local":
      return;
    case "qemu": {
      const { findQemuFiles } = await import("./qemu-files.ts");
      findQemuFiles(qemu);
      return;
    }
    case "remotevm": {
      const { findRemotevmFiles } = await import("./remotevm-files.ts");
      findRemotevmFiles(remotevm);
      return;
    }
    case "hcs":
      throw failedPrecondition(
        `stack ${stack} runs on Windows; for a VM set stack = "qemu", to run containers on this host, ` +
          `without a VM, stack = "local", in /etc/uvm-shim/config.toml or in the runtime's config file`,
      );
    default:
      assertNever(stack);
  }
}
