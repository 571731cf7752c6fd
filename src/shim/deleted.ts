import { DeleteResponse } from "../generated/containerd/task/v2.ts";
import { timestampOf } from "../service/timestamp.ts";

/** 128 + SIGKILL: how a task ends that somebody has to clean up after. */
const KILLED = 137;

/** How a task has ended of which nobody knows more. */
export function killedNow(pid = 0): DeleteResponse {
  return { pid, exitStatus: KILLED, exitedAt: timestampOf(new Date()) };
}

/** The reply of a `delete` that has nothing to do. */
export function nothingDeleted(): Uint8Array {
  return DeleteResponse.encode(killedNow());
}
