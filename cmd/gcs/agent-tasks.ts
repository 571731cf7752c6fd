import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { StdioStreams } from "../../src/gcs/agent/stdio-streams.ts";
import type { StreamClaims } from "../../src/gcs/agent/stream-table.ts";
import type { Envelope } from "../../src/generated/containerd/types.ts";
import { createGuest } from "../../src/guestmanager/create-guest.ts";
import type { Logger } from "../../src/log/logger.ts";
import { loadSpec } from "../../src/oci/spec.ts";
import { hostFiles } from "../../src/orchestration/container/host-files.ts";
import { hostRootfs } from "../../src/orchestration/container/rootfs.ts";
import { PodController } from "../../src/orchestration/pod/controller.ts";
import { registerTaskService } from "../../src/service/task/task-service.ts";
import { envelopeOf } from "../../src/shim/envelope.ts";
import { openStdio } from "../../src/stdio/open.ts";
import { relay } from "../../src/stdio/relay.ts";
import type { Reaper } from "../../src/sys/reaper.ts";
import type { ServerInterceptor } from "../../src/ttrpc/interceptor.ts";
import type { Server } from "../../src/ttrpc/server.ts";
import { createLocalStack } from "../../src/vmmanager/stacks/local/stack.ts";

/** The metadata in which containerd's clients name their namespace. */
const NAMESPACE_KEY = "containerd-namespace-ttrpc";

/** Events carry the namespace that the last call named: a VM is one client's. */
export class CallersNamespace {
  current = "default";
  readonly interceptor: ServerInterceptor = {
    unary: (request, context, next) => {
      this.current = context.metadata.get(NAMESPACE_KEY)?.[0] ?? this.current;
      return next(request, context);
    },
  };
}

export interface TaskOptions {
  readonly streams: StreamClaims;
  readonly publish: (event: Envelope) => void;
  readonly namespace: CallersNamespace;
  readonly reaper: Reaper;
  /** Ours alone. */
  readonly stateDirectory: string;
  readonly log: Logger;
  readonly powerOff: () => void;
}

/** containerd's tasks in the guest itself: the shim's own pod, on the stack that runs containers where it runs. */
export function registerTasks(server: Pick<Server, "register">, options: TaskOptions): void {
  const { publish, namespace, reaper, stateDirectory, log } = options;
  const streams = new StdioStreams(options.streams);
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  const tasks = new PodController({
    id: "guest",
    namespace: namespace.current,
    stateDirectory,
    stack: createLocalStack({ reaper, log }),
    createGuest: ({ sockets }) => createGuest({ sockets, log }),
    runc: { root: join(stateDirectory, "runc") },
    ports: {
      loadSpec,
      rootfs: hostRootfs,
      files: hostFiles,
      io: {
        open({ terminal, stdin, stdout, stderr }, process) {
          const paths = {
            terminal,
            stdin: streams.uri(stdin),
            stdout: streams.uri(stdout),
            stderr: streams.uri(stderr),
          };
          return openStdio(paths, process, { log: (message) => log.warn(message), streams });
        },
        relay,
      },
      events: {
        publish(event) {
          const { envelope } = envelopeOf(event, namespace.current, new Date());
          if (envelope !== undefined) publish(envelope);
        },
      },
      warn: (message, error) => log.warn(message, { error }),
      note: (message) => log.info(message),
    },
  });
  const shutdown = async (): Promise<void> => options.powerOff();
  registerTaskService(server, { tasks, log, shimPid: process.pid, shutdown });
}
