import { loadSpec } from "../../src/oci/spec.ts";
import { hostFiles } from "../../src/orchestration/container/host-files.ts";
import { hostRootfs } from "../../src/orchestration/container/rootfs.ts";
import type { TaskEvent } from "../../src/orchestration/events.ts";
import type { PodOptions } from "../../src/orchestration/pod/ports.ts";
import { openStdio } from "../../src/stdio/open.ts";
import { relay } from "../../src/stdio/relay.ts";

/** What a pod asks of this host, as the daemon gives it; its events and warnings go to the test. */
export function podPorts(
  publish: (event: TaskEvent) => void,
  warn: (message: string, cause?: unknown) => void,
): PodOptions["ports"] {
  return {
    loadSpec,
    rootfs: hostRootfs,
    files: hostFiles,
    io: { open: (paths, context) => openStdio(paths, context), relay },
    events: { publish },
    warn,
  };
}
