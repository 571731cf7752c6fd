// Generated from proto/ (package containerd.task.v3) by scripts/generate-proto. Do not edit.

import { CheckpointTaskRequest, CloseIORequest, ConnectRequest, ConnectResponse, CreateTaskRequest, CreateTaskResponse, DeleteRequest, DeleteResponse, ExecProcessRequest, KillRequest, PauseRequest, PidsRequest, PidsResponse, ResizePtyRequest, ResumeRequest, ShutdownRequest, StartRequest, StartResponse, StateRequest, StateResponse, StatsRequest, StatsResponse, UpdateTaskRequest, WaitRequest, WaitResponse } from "./v2.ts";
import { Empty } from "../../google/protobuf.ts";

export const Task = {
  name: "containerd.task.v3.Task",
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
