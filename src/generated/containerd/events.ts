// Generated from proto/ (package containerd.events) by scripts/generate-proto. Do not edit.

import { Mount } from "./types.ts";
import { Timestamp } from "../google/protobuf.ts";
import { type MessageType, endOf, finish, messageType, readString } from "../wire.ts";

/** Topic /tasks/create */
export interface TaskCreate {
  containerId: string;
  bundle: string;
  rootfs: Mount[];
  io?: TaskIO | undefined;
  checkpoint: string;
  pid: number;
}
export const TaskCreate: MessageType<TaskCreate> = messageType<TaskCreate>(
  "containerd.events.TaskCreate",
  () => ({ containerId: "", bundle: "", rootfs: [], io: undefined, checkpoint: "", pid: 0 }),
  (m, w) => {
    if (m.containerId !== "") w.uint32(10).string(m.containerId);
    if (m.bundle !== "") w.uint32(18).string(m.bundle);
    for (const value of m.rootfs) {
      w.uint32(26).fork();
      Mount.write(value, w);
      w.ldelim();
    }
    if (m.io !== undefined) {
      w.uint32(34).fork();
      TaskIO.write(m.io, w);
      w.ldelim();
    }
    if (m.checkpoint !== "") w.uint32(42).string(m.checkpoint);
    if (m.pid !== 0) w.uint32(48).uint32(m.pid);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.containerId = readString(r);
          break;
        case 18:
          m.bundle = readString(r);
          break;
        case 26:
          m.rootfs.push(Mount.read(r, endOf(r, end), Mount.create()));
          break;
        case 34:
          m.io = TaskIO.read(r, endOf(r, end), m.io ?? TaskIO.create());
          break;
        case 42:
          m.checkpoint = readString(r);
          break;
        case 48:
          m.pid = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface TaskIO {
  stdin: string;
  stdout: string;
  stderr: string;
  terminal: boolean;
}
export const TaskIO: MessageType<TaskIO> = messageType<TaskIO>(
  "containerd.events.TaskIO",
  () => ({ stdin: "", stdout: "", stderr: "", terminal: false }),
  (m, w) => {
    if (m.stdin !== "") w.uint32(10).string(m.stdin);
    if (m.stdout !== "") w.uint32(18).string(m.stdout);
    if (m.stderr !== "") w.uint32(26).string(m.stderr);
    if (m.terminal) w.uint32(32).bool(m.terminal);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.stdin = readString(r);
          break;
        case 18:
          m.stdout = readString(r);
          break;
        case 26:
          m.stderr = readString(r);
          break;
        case 32:
          m.terminal = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** Topic /tasks/start */
export interface TaskStart {
  containerId: string;
  pid: number;
}
export const TaskStart: MessageType<TaskStart> = messageType<TaskStart>(
  "containerd.events.TaskStart",
  () => ({ containerId: "", pid: 0 }),
  (m, w) => {
    if (m.containerId !== "") w.uint32(10).string(m.containerId);
    if (m.pid !== 0) w.uint32(16).uint32(m.pid);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.containerId = readString(r);
          break;
        case 16:
          m.pid = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** Topic /tasks/exit. id is the exec's id, or the container's for its init process. */
export interface TaskExit {
  containerId: string;
  id: string;
  pid: number;
  exitStatus: number;
  exitedAt?: Timestamp | undefined;
}
export const TaskExit: MessageType<TaskExit> = messageType<TaskExit>(
  "containerd.events.TaskExit",
  () => ({ containerId: "", id: "", pid: 0, exitStatus: 0, exitedAt: undefined }),
  (m, w) => {
    if (m.containerId !== "") w.uint32(10).string(m.containerId);
    if (m.id !== "") w.uint32(18).string(m.id);
    if (m.pid !== 0) w.uint32(24).uint32(m.pid);
    if (m.exitStatus !== 0) w.uint32(32).uint32(m.exitStatus);
    if (m.exitedAt !== undefined) {
      w.uint32(42).fork();
      Timestamp.write(m.exitedAt, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.containerId = readString(r);
          break;
        case 18:
          m.id = readString(r);
          break;
        case 24:
          m.pid = r.uint32();
          break;
        case 32:
          m.exitStatus = r.uint32();
          break;
        case 42:
          m.exitedAt = Timestamp.read(r, endOf(r, end), m.exitedAt ?? Timestamp.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** Topic /tasks/delete */
export interface TaskDelete {
  containerId: string;
  pid: number;
  exitStatus: number;
  exitedAt?: Timestamp | undefined;
  id: string;
}
export const TaskDelete: MessageType<TaskDelete> = messageType<TaskDelete>(
  "containerd.events.TaskDelete",
  () => ({ containerId: "", pid: 0, exitStatus: 0, exitedAt: undefined, id: "" }),
  (m, w) => {
    if (m.containerId !== "") w.uint32(10).string(m.containerId);
    if (m.pid !== 0) w.uint32(16).uint32(m.pid);
    if (m.exitStatus !== 0) w.uint32(24).uint32(m.exitStatus);
    if (m.exitedAt !== undefined) {
      w.uint32(34).fork();
      Timestamp.write(m.exitedAt, w);
      w.ldelim();
    }
    if (m.id !== "") w.uint32(42).string(m.id);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.containerId = readString(r);
          break;
        case 16:
          m.pid = r.uint32();
          break;
        case 24:
          m.exitStatus = r.uint32();
          break;
        case 34:
          m.exitedAt = Timestamp.read(r, endOf(r, end), m.exitedAt ?? Timestamp.create());
          break;
        case 42:
          m.id = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** Topic /tasks/oom */
export interface TaskOOM {
  containerId: string;
}
export const TaskOOM: MessageType<TaskOOM> = messageType<TaskOOM>(
  "containerd.events.TaskOOM",
  () => ({ containerId: "" }),
  (m, w) => {
    if (m.containerId !== "") w.uint32(10).string(m.containerId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.containerId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** Topic /tasks/exec-added */
export interface TaskExecAdded {
  containerId: string;
  execId: string;
}
export const TaskExecAdded: MessageType<TaskExecAdded> = messageType<TaskExecAdded>(
  "containerd.events.TaskExecAdded",
  () => ({ containerId: "", execId: "" }),
  (m, w) => {
    if (m.containerId !== "") w.uint32(10).string(m.containerId);
    if (m.execId !== "") w.uint32(18).string(m.execId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.containerId = readString(r);
          break;
        case 18:
          m.execId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** Topic /tasks/exec-started */
export interface TaskExecStarted {
  containerId: string;
  execId: string;
  pid: number;
}
export const TaskExecStarted: MessageType<TaskExecStarted> = messageType<TaskExecStarted>(
  "containerd.events.TaskExecStarted",
  () => ({ containerId: "", execId: "", pid: 0 }),
  (m, w) => {
    if (m.containerId !== "") w.uint32(10).string(m.containerId);
    if (m.execId !== "") w.uint32(18).string(m.execId);
    if (m.pid !== 0) w.uint32(24).uint32(m.pid);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.containerId = readString(r);
          break;
        case 18:
          m.execId = readString(r);
          break;
        case 24:
          m.pid = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** Topic /tasks/paused */
export interface TaskPaused {
  containerId: string;
}
export const TaskPaused: MessageType<TaskPaused> = messageType<TaskPaused>(
  "containerd.events.TaskPaused",
  () => ({ containerId: "" }),
  (m, w) => {
    if (m.containerId !== "") w.uint32(10).string(m.containerId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.containerId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** Topic /tasks/resumed */
export interface TaskResumed {
  containerId: string;
}
export const TaskResumed: MessageType<TaskResumed> = messageType<TaskResumed>(
  "containerd.events.TaskResumed",
  () => ({ containerId: "" }),
  (m, w) => {
    if (m.containerId !== "") w.uint32(10).string(m.containerId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.containerId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** Topic /tasks/checkpointed */
export interface TaskCheckpointed {
  containerId: string;
  checkpoint: string;
}
export const TaskCheckpointed: MessageType<TaskCheckpointed> = messageType<TaskCheckpointed>(
  "containerd.events.TaskCheckpointed",
  () => ({ containerId: "", checkpoint: "" }),
  (m, w) => {
    if (m.containerId !== "") w.uint32(10).string(m.containerId);
    if (m.checkpoint !== "") w.uint32(18).string(m.checkpoint);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.containerId = readString(r);
          break;
        case 18:
          m.checkpoint = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);
