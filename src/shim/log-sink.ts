import { join } from "node:path";
import { FifoSink } from "../log/fifo-sink.ts";
import type { LineSink } from "../log/logger.ts";

export interface LogOwner {
  readonly bundle: string;
  readonly namespace: string;
  readonly id: string;
}

export interface DaemonSink extends LineSink {
  /** One last try for what waits, then no more. Idempotent. */
  close(): void | Promise<void>;
}

/** The daemon's log, as containerd reads it: a FIFO of its own in the bundle. */
export function daemonSink({ bundle }: LogOwner): DaemonSink {
  return new FifoSink(join(bundle, "log"));
}

/** What `start` has to say goes the same way. */
export function launcherSink(bundle: string): LineSink {
  return new FifoSink(join(bundle, "log"));
}
