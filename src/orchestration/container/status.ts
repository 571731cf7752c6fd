import { assertNever } from "../../errors/shim-error.ts";
import type { ProcessStateData } from "../process/state.ts";
import type { TaskStatus } from "../tasks.ts";
import type { ContainerState } from "./state.ts";

/** containerd's status of the init. Undefined where there is no task yet, or no more. */
export function initStatus(state: ContainerState["name"], exited: boolean): TaskStatus | undefined {
  switch (state) {
    case "creating":
    case "deleted":
      return undefined;
    case "created":
    case "starting":
      return "created";
    // Stopping: its exit is not told yet; "stopped" would invite a delete before the output is drained.
    case "running":
    case "stopping":
      return "running";
    case "pausing":
      return "pausing";
    case "paused":
    case "resuming":
      return "paused";
    case "stopped":
      return "stopped";
    case "deleting":
      return exited ? "stopped" : "created";
    default:
      return assertNever(state);
  }
}

export function execStatus(state: ProcessStateData["name"], container: ContainerState["name"]): TaskStatus {
  switch (state) {
    case "created":
    case "starting":
      return "created";
    case "running":
    case "exiting":
      return container === "paused" || container === "resuming" ? "paused" : "running";
    case "exited":
    case "deleted":
      return "stopped";
    default:
      return assertNever(state);
  }
}
