// Generated from proto/ (package containerd.runhcs.v1.diag) by scripts/generate-proto. Do not edit.

import { type MessageType, endOf, finish, messageType, readString } from "../../../wire.ts";

export interface ExecProcessRequest {
  args: string[];
  workdir: string;
  terminal: boolean;
  stdin: string;
  stdout: string;
  stderr: string;
}
export const ExecProcessRequest: MessageType<ExecProcessRequest> = messageType<ExecProcessRequest>(
  "containerd.runhcs.v1.diag.ExecProcessRequest",
  () => ({ args: [], workdir: "", terminal: false, stdin: "", stdout: "", stderr: "" }),
  (m, w) => {
    for (const value of m.args) w.uint32(10).string(value);
    if (m.workdir !== "") w.uint32(18).string(m.workdir);
    if (m.terminal) w.uint32(24).bool(m.terminal);
    if (m.stdin !== "") w.uint32(34).string(m.stdin);
    if (m.stdout !== "") w.uint32(42).string(m.stdout);
    if (m.stderr !== "") w.uint32(50).string(m.stderr);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.args.push(readString(r));
          break;
        case 18:
          m.workdir = readString(r);
          break;
        case 24:
          m.terminal = r.bool();
          break;
        case 34:
          m.stdin = readString(r);
          break;
        case 42:
          m.stdout = readString(r);
          break;
        case 50:
          m.stderr = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ExecProcessResponse {
  exitCode: number;
}
export const ExecProcessResponse: MessageType<ExecProcessResponse> = messageType<ExecProcessResponse>(
  "containerd.runhcs.v1.diag.ExecProcessResponse",
  () => ({ exitCode: 0 }),
  (m, w) => {
    if (m.exitCode !== 0) w.uint32(8).int32(m.exitCode);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.exitCode = r.int32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type StacksRequest = Record<never, never>;
export const StacksRequest: MessageType<StacksRequest> = messageType<StacksRequest>(
  "containerd.runhcs.v1.diag.StacksRequest",
  () => ({  }),
  () => {},
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      r.skip(tag);
    }
    return finish(r, end, m);
  },
);

export interface StacksResponse {
  stacks: string;
  guestStacks: string;
}
export const StacksResponse: MessageType<StacksResponse> = messageType<StacksResponse>(
  "containerd.runhcs.v1.diag.StacksResponse",
  () => ({ stacks: "", guestStacks: "" }),
  (m, w) => {
    if (m.stacks !== "") w.uint32(10).string(m.stacks);
    if (m.guestStacks !== "") w.uint32(18).string(m.guestStacks);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.stacks = readString(r);
          break;
        case 18:
          m.guestStacks = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ShareRequest {
  hostPath: string;
  uvmPath: string;
  readOnly: boolean;
}
export const ShareRequest: MessageType<ShareRequest> = messageType<ShareRequest>(
  "containerd.runhcs.v1.diag.ShareRequest",
  () => ({ hostPath: "", uvmPath: "", readOnly: false }),
  (m, w) => {
    if (m.hostPath !== "") w.uint32(10).string(m.hostPath);
    if (m.uvmPath !== "") w.uint32(18).string(m.uvmPath);
    if (m.readOnly) w.uint32(24).bool(m.readOnly);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.hostPath = readString(r);
          break;
        case 18:
          m.uvmPath = readString(r);
          break;
        case 24:
          m.readOnly = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export type ShareResponse = Record<never, never>;
export const ShareResponse: MessageType<ShareResponse> = messageType<ShareResponse>(
  "containerd.runhcs.v1.diag.ShareResponse",
  () => ({  }),
  () => {},
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      r.skip(tag);
    }
    return finish(r, end, m);
  },
);

export type PidRequest = Record<never, never>;
export const PidRequest: MessageType<PidRequest> = messageType<PidRequest>(
  "containerd.runhcs.v1.diag.PidRequest",
  () => ({  }),
  () => {},
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      r.skip(tag);
    }
    return finish(r, end, m);
  },
);

export interface PidResponse {
  pid: number;
}
export const PidResponse: MessageType<PidResponse> = messageType<PidResponse>(
  "containerd.runhcs.v1.diag.PidResponse",
  () => ({ pid: 0 }),
  (m, w) => {
    if (m.pid !== 0) w.uint32(8).int32(m.pid);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.pid = r.int32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface TasksRequest {
  execs: boolean;
}
export const TasksRequest: MessageType<TasksRequest> = messageType<TasksRequest>(
  "containerd.runhcs.v1.diag.TasksRequest",
  () => ({ execs: false }),
  (m, w) => {
    if (m.execs) w.uint32(8).bool(m.execs);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.execs = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface Task {
  id: string;
  execs: Exec[];
}
export const Task: MessageType<Task> = messageType<Task>(
  "containerd.runhcs.v1.diag.Task",
  () => ({ id: "", execs: [] }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
    for (const value of m.execs) {
      w.uint32(18).fork();
      Exec.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
          break;
        case 18:
          m.execs.push(Exec.read(r, endOf(r, end), Exec.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface Exec {
  id: string;
  state: string;
}
export const Exec: MessageType<Exec> = messageType<Exec>(
  "containerd.runhcs.v1.diag.Exec",
  () => ({ id: "", state: "" }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
    if (m.state !== "") w.uint32(18).string(m.state);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
          break;
        case 18:
          m.state = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface TasksResponse {
  tasks: Task[];
}
export const TasksResponse: MessageType<TasksResponse> = messageType<TasksResponse>(
  "containerd.runhcs.v1.diag.TasksResponse",
  () => ({ tasks: [] }),
  (m, w) => {
    for (const value of m.tasks) {
      w.uint32(10).fork();
      Task.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.tasks.push(Task.read(r, endOf(r, end), Task.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export const ShimDiag = {
  name: "containerd.runhcs.v1.diag.ShimDiag",
  methods: {
    DiagExecInHost: {
      name: "DiagExecInHost",
      input: ExecProcessRequest,
      output: ExecProcessResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    DiagStacks: {
      name: "DiagStacks",
      input: StacksRequest,
      output: StacksResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    DiagTasks: {
      name: "DiagTasks",
      input: TasksRequest,
      output: TasksResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    DiagShare: {
      name: "DiagShare",
      input: ShareRequest,
      output: ShareResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    DiagPid: {
      name: "DiagPid",
      input: PidRequest,
      output: PidResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
  },
} as const;
