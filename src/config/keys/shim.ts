import { RUN_DIRECTORY, SOCKET_DIRECTORY, STACK } from "#os/src/config/defaults.ts";
import type { Key } from "../key.ts";

export const STACK_NAMES = ["hcs", "qemu", "remotevm", "local"] as const;
export const LOG_LEVEL_NAMES = ["trace", "debug", "info", "warn", "error"] as const;

/** Of the shim itself, whatever its stack. */
export const shimKeys: readonly Key[] = [
  {
    key: "stack",
    type: { kind: "string", allowed: STACK_NAMES },
    fallback: STACK,
    meaning: "The virtualization stack. local runs containers on this host, without a VM.",
  },
  {
    key: "log_level",
    type: { kind: "string", allowed: LOG_LEVEL_NAMES },
    otherwise: "containerd's own",
    meaning: "Level of the shim's log.",
  },
  {
    key: "run_directory",
    type: { kind: "string", absolutePath: true },
    fallback: RUN_DIRECTORY,
    meaning: "Where the state of running pods lives, one directory a pod.",
  },
  {
    key: "socket_directory",
    type: { kind: "string", absolutePath: true },
    fallback: SOCKET_DIRECTORY,
    meaning: "Where the pods' sockets are; a containerd that names a directory (2.3 and later) goes first.",
  },
  {
    key: "trace_directory",
    type: { kind: "string", absolutePath: true },
    otherwise: "nothing is traced",
    meaning: "Where spans of each pod's life are written; uvmctl trace makes a picture of them.",
  },
  {
    key: "spare_daemons",
    type: { kind: "integer", min: 0, max: 64 },
    fallback: 0,
    meaning: "How many daemons wait ahead for the next pods of this containerd (spare-daemons.md).",
  },
  {
    key: "spare_idle_seconds",
    type: { kind: "integer", min: 1, max: 604_800 },
    unit: "s",
    fallback: 600,
    meaning: "After so long without a pod such a daemon ends.",
  },
  { key: "TypeUrl", type: { kind: "ignored" }, meaning: "CRI leaves it in the options table." },
  { key: "ConfigPath", type: { kind: "ignored" }, meaning: "CRI leaves it in the options table." },
];
