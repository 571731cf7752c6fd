// Generated from proto/ (package containerd.task.v2) by scripts/generate-proto. Do not edit.

import { Mount } from "../types.ts";
import { ProcessInfo, type Status } from "../v1/types.ts";
import { Any, Empty, Timestamp } from "../../google/protobuf.ts";
import { type MessageType, endOf, finish, messageType, readString } from "../../wire.ts";

export interface StateRequest {
  id: string;
  execId: string;
}
export const StateRequest: MessageType<StateRequest> = messageType<StateRequest>(
  "containerd.task.v2.StateRequest",
  () => ({ id: "", execId: "" }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
    if (m.execId !== "") w.uint32(18).string(m.execId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
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

export interface StateResponse {
  id: string;
  bundle: string;
  pid: number;
  status: Status;
  stdin: string;
  stdout: string;
  stderr: string;
  terminal: boolean;
  exitStatus: number;
  exitedAt?: Timestamp | undefined;
  execId: string;
}
export const StateResponse: MessageType<StateResponse> = messageType<StateResponse>(
  "containerd.task.v2.StateResponse",
  () => ({ id: "", bundle: "", pid: 0, status: 0, stdin: "", stdout: "", stderr: "", terminal: false, exitStatus: 0, exitedAt: undefined, execId: "" }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
    if (m.bundle !== "") w.uint32(18).string(m.bundle);
    if (m.pid !== 0) w.uint32(24).uint32(m.pid);
    if (m.status !== 0) w.uint32(32).int32(m.status);
    if (m.stdin !== "") w.uint32(42).string(m.stdin);
    if (m.stdout !== "") w.uint32(50).string(m.stdout);
    if (m.stderr !== "") w.uint32(58).string(m.stderr);
    if (m.terminal) w.uint32(64).bool(m.terminal);
    if (m.exitStatus !== 0) w.uint32(72).uint32(m.exitStatus);
    if (m.exitedAt !== undefined) {
      w.uint32(82).fork();
      Timestamp.write(m.exitedAt, w);
      w.ldelim();
    }
    if (m.execId !== "") w.uint32(90).string(m.execId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
          break;
        case 18:
          m.bundle = readString(r);
          break;
        case 24:
          m.pid = r.uint32();
          break;
        case 32:
          m.status = r.int32() as Status;
          break;
        case 42:
          m.stdin = readString(r);
          break;
        case 50:
          m.stdout = readString(r);
          break;
        case 58:
          m.stderr = readString(r);
          break;
        case 64:
          m.terminal = r.bool();
          break;
        case 72:
          m.exitStatus = r.uint32();
          break;
        case 82:
          m.exitedAt = Timestamp.read(r, endOf(r, end), m.exitedAt ?? Timestamp.create());
          break;
        case 90:
          m.execId = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface CreateTaskRequest {
  id: string;
  bundle: string;
  rootfs: Mount[];
  terminal: boolean;
  stdin: string;
  stdout: string;
  stderr: string;
  checkpoint: string;
  parentCheckpoint: string;
  options?: Any | undefined;
}
export const CreateTaskRequest: MessageType<CreateTaskRequest> = messageType<CreateTaskRequest>(
  "containerd.task.v2.CreateTaskRequest",
  () => ({ id: "", bundle: "", rootfs: [], terminal: false, stdin: "", stdout: "", stderr: "", checkpoint: "", parentCheckpoint: "", options: undefined }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
    if (m.bundle !== "") w.uint32(18).string(m.bundle);
    for (const value of m.rootfs) {
      w.uint32(26).fork();
      Mount.write(value, w);
      w.ldelim();
    }
    if (m.terminal) w.uint32(32).bool(m.terminal);
    if (m.stdin !== "") w.uint32(42).string(m.stdin);
    if (m.stdout !== "") w.uint32(50).string(m.stdout);
    if (m.stderr !== "") w.uint32(58).string(m.stderr);
    if (m.checkpoint !== "") w.uint32(66).string(m.checkpoint);
    if (m.parentCheckpoint !== "") w.uint32(74).string(m.parentCheckpoint);
    if (m.options !== undefined) {
      w.uint32(82).fork();
      Any.write(m.options, w);
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
          m.bundle = readString(r);
          break;
        case 26:
          m.rootfs.push(Mount.read(r, endOf(r, end), Mount.create()));
          break;
        case 32:
          m.terminal = r.bool();
          break;
        case 42:
          m.stdin = readString(r);
          break;
        case 50:
          m.stdout = readString(r);
          break;
        case 58:
          m.stderr = readString(r);
          break;
        case 66:
          m.checkpoint = readString(r);
          break;
        case 74:
          m.parentCheckpoint = readString(r);
          break;
        case 82:
          m.options = Any.read(r, endOf(r, end), m.options ?? Any.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface CreateTaskResponse {
  pid: number;
}
export const CreateTaskResponse: MessageType<CreateTaskResponse> = messageType<CreateTaskResponse>(
  "containerd.task.v2.CreateTaskResponse",
  () => ({ pid: 0 }),
  (m, w) => {
    if (m.pid !== 0) w.uint32(8).uint32(m.pid);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.pid = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface StartRequest {
  id: string;
  execId: string;
}
export const StartRequest: MessageType<StartRequest> = messageType<StartRequest>(
  "containerd.task.v2.StartRequest",
  () => ({ id: "", execId: "" }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
    if (m.execId !== "") w.uint32(18).string(m.execId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
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

export interface StartResponse {
  pid: number;
}
export const StartResponse: MessageType<StartResponse> = messageType<StartResponse>(
  "containerd.task.v2.StartResponse",
  () => ({ pid: 0 }),
  (m, w) => {
    if (m.pid !== 0) w.uint32(8).uint32(m.pid);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.pid = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface DeleteRequest {
  id: string;
  execId: string;
}
export const DeleteRequest: MessageType<DeleteRequest> = messageType<DeleteRequest>(
  "containerd.task.v2.DeleteRequest",
  () => ({ id: "", execId: "" }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
    if (m.execId !== "") w.uint32(18).string(m.execId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
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

/** Also what the `delete` action of the shim binary prints. */
export interface DeleteResponse {
  pid: number;
  exitStatus: number;
  exitedAt?: Timestamp | undefined;
}
export const DeleteResponse: MessageType<DeleteResponse> = messageType<DeleteResponse>(
  "containerd.task.v2.DeleteResponse",
  () => ({ pid: 0, exitStatus: 0, exitedAt: undefined }),
  (m, w) => {
    if (m.pid !== 0) w.uint32(8).uint32(m.pid);
    if (m.exitStatus !== 0) w.uint32(16).uint32(m.exitStatus);
    if (m.exitedAt !== undefined) {
      w.uint32(26).fork();
      Timestamp.write(m.exitedAt, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.pid = r.uint32();
          break;
        case 16:
          m.exitStatus = r.uint32();
          break;
        case 26:
          m.exitedAt = Timestamp.read(r, endOf(r, end), m.exitedAt ?? Timestamp.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PidsRequest {
  id: string;
}
export const PidsRequest: MessageType<PidsRequest> = messageType<PidsRequest>(
  "containerd.task.v2.PidsRequest",
  () => ({ id: "" }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PidsResponse {
  processes: ProcessInfo[];
}
export const PidsResponse: MessageType<PidsResponse> = messageType<PidsResponse>(
  "containerd.task.v2.PidsResponse",
  () => ({ processes: [] }),
  (m, w) => {
    for (const value of m.processes) {
      w.uint32(10).fork();
      ProcessInfo.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.processes.push(ProcessInfo.read(r, endOf(r, end), ProcessInfo.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PauseRequest {
  id: string;
}
export const PauseRequest: MessageType<PauseRequest> = messageType<PauseRequest>(
  "containerd.task.v2.PauseRequest",
  () => ({ id: "" }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ResumeRequest {
  id: string;
}
export const ResumeRequest: MessageType<ResumeRequest> = messageType<ResumeRequest>(
  "containerd.task.v2.ResumeRequest",
  () => ({ id: "" }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface CheckpointTaskRequest {
  id: string;
  path: string;
  options?: Any | undefined;
}
export const CheckpointTaskRequest: MessageType<CheckpointTaskRequest> = messageType<CheckpointTaskRequest>(
  "containerd.task.v2.CheckpointTaskRequest",
  () => ({ id: "", path: "", options: undefined }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
    if (m.path !== "") w.uint32(18).string(m.path);
    if (m.options !== undefined) {
      w.uint32(26).fork();
      Any.write(m.options, w);
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
          m.path = readString(r);
          break;
        case 26:
          m.options = Any.read(r, endOf(r, end), m.options ?? Any.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface KillRequest {
  id: string;
  execId: string;
  signal: number;
  all: boolean;
}
export const KillRequest: MessageType<KillRequest> = messageType<KillRequest>(
  "containerd.task.v2.KillRequest",
  () => ({ id: "", execId: "", signal: 0, all: false }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
    if (m.execId !== "") w.uint32(18).string(m.execId);
    if (m.signal !== 0) w.uint32(24).uint32(m.signal);
    if (m.all) w.uint32(32).bool(m.all);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
          break;
        case 18:
          m.execId = readString(r);
          break;
        case 24:
          m.signal = r.uint32();
          break;
        case 32:
          m.all = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ExecProcessRequest {
  id: string;
  execId: string;
  terminal: boolean;
  stdin: string;
  stdout: string;
  stderr: string;
  /** JSON: the Process of the OCI runtime spec. */
  spec?: Any | undefined;
}
export const ExecProcessRequest: MessageType<ExecProcessRequest> = messageType<ExecProcessRequest>(
  "containerd.task.v2.ExecProcessRequest",
  () => ({ id: "", execId: "", terminal: false, stdin: "", stdout: "", stderr: "", spec: undefined }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
    if (m.execId !== "") w.uint32(18).string(m.execId);
    if (m.terminal) w.uint32(24).bool(m.terminal);
    if (m.stdin !== "") w.uint32(34).string(m.stdin);
    if (m.stdout !== "") w.uint32(42).string(m.stdout);
    if (m.stderr !== "") w.uint32(50).string(m.stderr);
    if (m.spec !== undefined) {
      w.uint32(58).fork();
      Any.write(m.spec, w);
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
          m.execId = readString(r);
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
        case 58:
          m.spec = Any.read(r, endOf(r, end), m.spec ?? Any.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ResizePtyRequest {
  id: string;
  execId: string;
  /** In characters. */
  width: number;
  height: number;
}
export const ResizePtyRequest: MessageType<ResizePtyRequest> = messageType<ResizePtyRequest>(
  "containerd.task.v2.ResizePtyRequest",
  () => ({ id: "", execId: "", width: 0, height: 0 }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
    if (m.execId !== "") w.uint32(18).string(m.execId);
    if (m.width !== 0) w.uint32(24).uint32(m.width);
    if (m.height !== 0) w.uint32(32).uint32(m.height);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
          break;
        case 18:
          m.execId = readString(r);
          break;
        case 24:
          m.width = r.uint32();
          break;
        case 32:
          m.height = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface CloseIORequest {
  id: string;
  execId: string;
  stdin: boolean;
}
export const CloseIORequest: MessageType<CloseIORequest> = messageType<CloseIORequest>(
  "containerd.task.v2.CloseIORequest",
  () => ({ id: "", execId: "", stdin: false }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
    if (m.execId !== "") w.uint32(18).string(m.execId);
    if (m.stdin) w.uint32(24).bool(m.stdin);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
          break;
        case 18:
          m.execId = readString(r);
          break;
        case 24:
          m.stdin = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface UpdateTaskRequest {
  id: string;
  /** JSON: LinuxResources or WindowsResources of the OCI runtime spec. */
  resources?: Any | undefined;
  annotations: Map<string, string>;
}
export const UpdateTaskRequest: MessageType<UpdateTaskRequest> = messageType<UpdateTaskRequest>(
  "containerd.task.v2.UpdateTaskRequest",
  () => ({ id: "", resources: undefined, annotations: new Map() }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
    if (m.resources !== undefined) {
      w.uint32(18).fork();
      Any.write(m.resources, w);
      w.ldelim();
    }
    for (const [key, value] of m.annotations) {
      w.uint32(26).fork();
      w.uint32(10).string(key);
      w.uint32(18).string(value);
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
          m.resources = Any.read(r, endOf(r, end), m.resources ?? Any.create());
          break;
        case 26: {
          const last = endOf(r, end);
          let key: string = "";
          let value: string = "";
          while (r.pos < last) {
            const inner = r.tag();
            if (inner === 10) key = readString(r);
            else if (inner === 18) value = readString(r);
            else r.skip(inner);
          }
          finish(r, last, m.annotations.set(key, value));
          break;
        }
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface WaitRequest {
  id: string;
  execId: string;
}
export const WaitRequest: MessageType<WaitRequest> = messageType<WaitRequest>(
  "containerd.task.v2.WaitRequest",
  () => ({ id: "", execId: "" }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
    if (m.execId !== "") w.uint32(18).string(m.execId);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
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

export interface WaitResponse {
  exitStatus: number;
  exitedAt?: Timestamp | undefined;
}
export const WaitResponse: MessageType<WaitResponse> = messageType<WaitResponse>(
  "containerd.task.v2.WaitResponse",
  () => ({ exitStatus: 0, exitedAt: undefined }),
  (m, w) => {
    if (m.exitStatus !== 0) w.uint32(8).uint32(m.exitStatus);
    if (m.exitedAt !== undefined) {
      w.uint32(18).fork();
      Timestamp.write(m.exitedAt, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.exitStatus = r.uint32();
          break;
        case 18:
          m.exitedAt = Timestamp.read(r, endOf(r, end), m.exitedAt ?? Timestamp.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface StatsRequest {
  id: string;
}
export const StatsRequest: MessageType<StatsRequest> = messageType<StatsRequest>(
  "containerd.task.v2.StatsRequest",
  () => ({ id: "" }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface StatsResponse {
  /** io.containerd.cgroups.v1.Metrics or io.containerd.cgroups.v2.Metrics. */
  stats?: Any | undefined;
}
export const StatsResponse: MessageType<StatsResponse> = messageType<StatsResponse>(
  "containerd.task.v2.StatsResponse",
  () => ({ stats: undefined }),
  (m, w) => {
    if (m.stats !== undefined) {
      w.uint32(10).fork();
      Any.write(m.stats, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.stats = Any.read(r, endOf(r, end), m.stats ?? Any.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ConnectRequest {
  id: string;
}
export const ConnectRequest: MessageType<ConnectRequest> = messageType<ConnectRequest>(
  "containerd.task.v2.ConnectRequest",
  () => ({ id: "" }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ConnectResponse {
  shimPid: number;
  taskPid: number;
  version: string;
}
export const ConnectResponse: MessageType<ConnectResponse> = messageType<ConnectResponse>(
  "containerd.task.v2.ConnectResponse",
  () => ({ shimPid: 0, taskPid: 0, version: "" }),
  (m, w) => {
    if (m.shimPid !== 0) w.uint32(8).uint32(m.shimPid);
    if (m.taskPid !== 0) w.uint32(16).uint32(m.taskPid);
    if (m.version !== "") w.uint32(26).string(m.version);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.shimPid = r.uint32();
          break;
        case 16:
          m.taskPid = r.uint32();
          break;
        case 26:
          m.version = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface ShutdownRequest {
  id: string;
  now: boolean;
}
export const ShutdownRequest: MessageType<ShutdownRequest> = messageType<ShutdownRequest>(
  "containerd.task.v2.ShutdownRequest",
  () => ({ id: "", now: false }),
  (m, w) => {
    if (m.id !== "") w.uint32(10).string(m.id);
    if (m.now) w.uint32(16).bool(m.now);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.id = readString(r);
          break;
        case 16:
          m.now = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export const Task = {
  name: "containerd.task.v2.Task",
  methods: {
    State: {
      name: "State",
      input: StateRequest,
      output: StateResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Create: {
      name: "Create",
      input: CreateTaskRequest,
      output: CreateTaskResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Start: {
      name: "Start",
      input: StartRequest,
      output: StartResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Delete: {
      name: "Delete",
      input: DeleteRequest,
      output: DeleteResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Pids: {
      name: "Pids",
      input: PidsRequest,
      output: PidsResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Pause: {
      name: "Pause",
      input: PauseRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    Resume: {
      name: "Resume",
      input: ResumeRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    Checkpoint: {
      name: "Checkpoint",
      input: CheckpointTaskRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    Kill: {
      name: "Kill",
      input: KillRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    Exec: {
      name: "Exec",
      input: ExecProcessRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    ResizePty: {
      name: "ResizePty",
      input: ResizePtyRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    CloseIO: {
      name: "CloseIO",
      input: CloseIORequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    Update: {
      name: "Update",
      input: UpdateTaskRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
    Wait: {
      name: "Wait",
      input: WaitRequest,
      output: WaitResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Stats: {
      name: "Stats",
      input: StatsRequest,
      output: StatsResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Connect: {
      name: "Connect",
      input: ConnectRequest,
      output: ConnectResponse,
      clientStreaming: false,
      serverStreaming: false,
    },
    Shutdown: {
      name: "Shutdown",
      input: ShutdownRequest,
      output: Empty,
      clientStreaming: false,
      serverStreaming: false,
    },
  },
} as const;
