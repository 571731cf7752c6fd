import { join } from "node:path";
import { createGuest } from "../../src/guestmanager/create-guest.ts";
import { loadSpec } from "../../src/oci/spec.ts";
import { hostRootfs } from "../../src/orchestration/container/rootfs.ts";
import { PodController } from "../../src/orchestration/pod/controller.ts";
import type { DaemonContext } from "../../src/shim/daemon.ts";
import { openStdio } from "../../src/stdio/open.ts";
import { relay } from "../../src/stdio/relay.ts";
import { createStack } from "./stacks.ts";

/** A pod, from its controller down to its stack. */
export function createPod({ namespace, record, events, log, leaving }: DaemonContext): PodController {
  const { settings, stateDirectory, podId } = record;
  return new PodController({
    id: podId,
    namespace,
    stateDirectory,
    stack: createStack(settings.stack, log),
    createGuest: ({ sockets }) => createGuest({ sockets, log }),
    runc: {
      binary: settings.runc.binary,
      root: join(stateDirectory, "runc"),
      systemdCgroup: settings.runc.systemdCgroup,
    },
    ports: {
      loadSpec,
      rootfs: hostRootfs,
      io: {
        open: (paths, process) => openStdio(paths, process, { log: (message) => log.warn(message) }),
        relay,
      },
      events,
      warn: (message, error) => log.warn(message, { error }),
    },
    leaving,
  });
}
