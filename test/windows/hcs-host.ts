import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGcs } from "../../src/gcs/gcs.ts";
import { Options } from "../../src/generated/containerd/runhcs/v1.ts";
import type { Logger } from "../../src/log/logger.ts";
import { createMemorySockets } from "../../src/transport/memory.ts";
import {
  type ComputeCore,
  type ComputeSystem,
  EventType,
} from "../../src/vmmanager/stacks/hcs/computecore/compute-core.ts";
import { hostComputeCore } from "../../src/vmmanager/stacks/hcs/computecore/hcs-compute-core.ts";
import { readHostFacts } from "../../src/vmmanager/stacks/hcs/host-facts.ts";
import { windowsFiles } from "../../src/vmmanager/stacks/hcs/host-files.ts";
import { createHcsStack } from "../../src/vmmanager/stacks/hcs/stack.ts";
import type { Stack, UvmOptions } from "../../src/vmmanager/uvm.ts";
import { StandIn } from "./stand-in.ts";

export interface HcsHost {
  readonly stack: Stack;
  readonly standIn: StandIn;
  options(annotations?: Readonly<Record<string, string>>): UvmOptions;
  /** No handle, operation or string of HCS, and no bug that the stand-in has seen. */
  assertNothingLeft(): void;
}

/** The stack over koffi and the stand-in DLL, in this very process; the guest runs our gcs while its VM does. */
export function guestHost(directory: string, log?: Logger): HcsHost {
  const standIn = new StandIn();
  const bootFiles = join(directory, "boot");
  mkdirSync(bootFiles);
  for (const name of ["kernel", "initrd.img"]) writeFileSync(join(bootFiles, name), "");
  const core = hostComputeCore();
  let next = createMemorySockets();
  const withGuest: ComputeCore = Object.create(core, {
    createComputeSystem: {
      value: async (...args: Parameters<ComputeCore["createComputeSystem"]>): Promise<ComputeSystem> => {
        next = createMemorySockets();
        return bootable(await core.createComputeSystem(...args), next.guest, directory);
      },
    },
  });
  for (const name of ["getServiceProperties", "createEmptyRuntimeStateFile", "grantVmAccess"] as const) {
    Object.defineProperty(withGuest, name, { value: core[name].bind(core) });
  }
  const stack = createHcsStack({
    ...{ core: withGuest, files: windowsFiles, host: () => readHostFacts(core, () => {}), sockets: () => next.host },
    ...(log && { log }),
  });
  return {
    stack,
    standIn,
    options: (annotations = { "io.microsoft.migration.support-enabled": "true" }) => ({
      id: "p1",
      stateDirectory: directory,
      runhcs: {
        spec: { annotations, linux: {} },
        options: Options.create({ sandboxPlatform: "linux/amd64", bootFilesRootPath: bootFiles }),
      },
    }),
    assertNothingLeft() {
      assert.deepEqual(standIn.live(), { systems: 0, operations: 0, strings: 0 });
      assert.deepEqual(
        standIn.log().filter(({ bug }) => bug !== undefined),
        [],
      );
    },
  };
}

/** Its guest service runs from its start to its end, or that of its handle. */
function bootable(
  system: ComputeSystem,
  sockets: ReturnType<typeof createMemorySockets>["guest"],
  stateDirectory: string,
): ComputeSystem {
  const stop = new AbortController();
  return new Proxy(system, {
    get(target, name) {
      if (name === "start") {
        return async (...args: Parameters<ComputeSystem["start"]>) => {
          await target.start(...args);
          // Windows has no processes that it could reap.
          const gcs = createGcs({ sockets, stateDirectory, reaper: { watch: async () => ({ code: 255 }) } });
          gcs.run({ signal: stop.signal }).catch(() => {});
        };
      }
      if (name === "onEvent") {
        return (listener: Parameters<ComputeSystem["onEvent"]>[0]) =>
          target.onEvent((event) => {
            if (event.type === EventType.systemExited) stop.abort();
            listener(event);
          });
      }
      if (name === "close") stop.abort();
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
