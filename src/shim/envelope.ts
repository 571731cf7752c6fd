import { assertNever } from "../errors/shim-error.ts";
import {
  TaskCheckpointed,
  TaskCreate,
  TaskDelete,
  TaskExecAdded,
  TaskExecStarted,
  TaskExit,
  TaskOOM,
  TaskPaused,
  TaskResumed,
  TaskStart,
} from "../generated/containerd/events.ts";
import type { ForwardRequest } from "../generated/containerd/services/events/ttrpc/v1.ts";
import type { Any } from "../generated/google/protobuf.ts";
import type { MessageType } from "../generated/wire.ts";
import type { TaskEvent } from "../orchestration/events.ts";
import { timestampOf } from "../service/timestamp.ts";

/** An event as containerd's Events service takes it (reference: containerd-shim, 1.16). */
export function envelopeOf(event: TaskEvent, namespace: string, at: Date): ForwardRequest {
  return { envelope: { timestamp: timestampOf(at), namespace, topic: event.topic, event: anyOf(event) } };
}

function anyOf(event: TaskEvent): Any {
  switch (event.topic) {
    case "/tasks/create": {
      const { containerId, bundle, io, checkpoint, pid } = event;
      const rootfs = event.rootfs.map((mount) => ({ ...mount, options: [...mount.options] }));
      return pack(TaskCreate, { containerId, bundle, rootfs, io, checkpoint, pid });
    }
    case "/tasks/start":
      return pack(TaskStart, event);
    case "/tasks/exit":
      return pack(TaskExit, { ...event, exitedAt: timestampOf(event.exitedAt) });
    case "/tasks/delete":
      return pack(TaskDelete, { ...event, exitedAt: timestampOf(event.exitedAt) });
    case "/tasks/exec-added":
      return pack(TaskExecAdded, event);
    case "/tasks/exec-started":
      return pack(TaskExecStarted, event);
    case "/tasks/checkpointed":
      return pack(TaskCheckpointed, event);
    case "/tasks/oom":
      return pack(TaskOOM, event);
    case "/tasks/paused":
      return pack(TaskPaused, event);
    case "/tasks/resumed":
      return pack(TaskResumed, event);
    default:
      return assertNever(event);
  }
}

function pack<T extends object>(type: MessageType<T>, message: T): Any {
  return { typeUrl: type.typeName, value: type.encode(message) };
}
