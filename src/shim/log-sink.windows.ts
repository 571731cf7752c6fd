import { PipeSink } from "../log/pipe-sink.ts";
import type * as linux from "./log-sink.ts";

export type DaemonSink = linux.DaemonSink;

/** containerd dials it from the moment on that it starts the shim, and again after a restart of its own. */
export const daemonSink: typeof linux.daemonSink = ({ namespace, id }) =>
  new PipeSink(`\\\\.\\pipe\\containerd-shim-${namespace}-${id}-log`);

/** The pipe is the daemon's: two processes can't both be its server. What matters is the error, and that is the reply. */
export const launcherSink: typeof linux.launcherSink = () => ({ write: () => undefined });
