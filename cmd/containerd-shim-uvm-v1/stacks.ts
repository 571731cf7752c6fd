import type { Settings } from "../../src/config/settings.ts";
import { assertNever, failedPrecondition } from "../../src/errors/shim-error.ts";
import type { Logger } from "../../src/log/logger.ts";
import { TRACE_ARGUMENT } from "../../src/tracing/console-spans.ts";
import type { Stack } from "../../src/vmmanager/uvm.ts";
import { checkStack } from "./check-stack.ts";

/** The configured stack; see `checkStack` for those that can't be had. Loads that one's code and no other's. */
export async function createStack(settings: Settings, log: Logger): Promise<Stack> {
  await checkStack(settings);
  const { stack } = settings;
  switch (stack) {
    case "local": {
      const { Reaper } = await import("../../src/sys/reaper.ts");
      const { createLocalStack } = await import("../../src/vmmanager/stacks/local/stack.ts");
      const reaper = new Reaper();
      reaper.start();
      return createLocalStack({ reaper, log });
    }
    case "qemu": {
      const { findQemuFiles } = await import("./qemu-files.ts");
      const { createQemuStack } = await import("../../src/vmmanager/stacks/qemu/stack.ts");
      const { accel, channel, kernelArguments = "", template, templateDirectory } = settings.qemu;
      return createQemuStack({
        ...findQemuFiles(settings.qemu),
        accel,
        channel: channel === "vsock" ? "vsock" : "serial",
        kernelArguments: [
          ...kernelArguments.split(/\s+/).filter(Boolean),
          ...(settings.traceDirectory === undefined ? [] : [TRACE_ARGUMENT]),
        ],
        ...(template && { templates: { directory: templateDirectory } }),
        log,
      });
    }
    case "remotevm": {
      const { findRemotevmFiles } = await import("./remotevm-files.ts");
      const { createRemoteStack } = await import("../../src/vmmanager/stacks/remotevm/stack.ts");
      const { annotations, kernelArguments } = settings.remotevm;
      return createRemoteStack({ ...findRemotevmFiles(settings.remotevm), annotations, kernelArguments, log });
    }
    case "hcs":
      throw failedPrecondition(`stack ${stack} is not available in this build`);
    default:
      return assertNever(stack);
  }
}
