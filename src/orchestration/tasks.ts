import type { UvmStatistics } from "../vmmanager/properties.ts";
import type { Mount } from "./events.ts";

/**
 * What the task service asks of the layer below: each method is one RPC of
 * containerd.task.v2/v3.Task, in plain values. Errors are ShimErrors whose kind is
 * that of reference containerd-shim 1.13.
 */
export interface Tasks {
  create(request: CreateTask, options: RpcOptions): Promise<{ pid: number }>;
  start(process: ProcessRef, options: RpcOptions): Promise<{ pid: number }>;
  state(process: ProcessRef): ProcessState;
  delete(process: ProcessRef, options: RpcOptions): Promise<{ pid: number; exitStatus: number; exitedAt: Date }>;
  pids(id: string, options: RpcOptions): Promise<readonly { pid: number; execId?: string }[]>;
  pause(id: string, options: RpcOptions): Promise<void>;
  resume(id: string, options: RpcOptions): Promise<void>;
  checkpoint(id: string, checkpoint: CheckpointTask, options: RpcOptions): Promise<void>;
  kill(process: ProcessRef, signal: number, all: boolean, options: RpcOptions): Promise<void>;
  exec(request: ExecTask, options: RpcOptions): Promise<void>;
  resizePty(process: ProcessRef, columns: number, rows: number, options: RpcOptions): Promise<void>;
  closeIO(process: ProcessRef, options: RpcOptions): Promise<void>;
  /** `os`: whose resources they are. Default: linux. */
  update(
    id: string,
    resources: object,
    annotations: Readonly<Record<string, string>>,
    options: RpcOptions & { readonly os?: "linux" | "windows" },
  ): Promise<void>;
  wait(process: ProcessRef, options: RpcOptions): Promise<{ exitStatus: number; exitedAt: Date }>;
  stats(id: string, options: RpcOptions): Promise<TaskStatistics>;
  /** Of the VM, by the pod's own task; undefined by another, and where the stack tells none. */
  vmStatistics(id: string, options: RpcOptions): Promise<UvmStatistics | undefined>;
  /** Never fails: the first call after a containerd restart. pid 0 where the task is gone. */
  connect(id: string): { taskPid: number };
  /** True while any container is held: Shutdown is "exit if you hold nothing". */
  busy(): boolean;
}

/** Of a container, as its guest counts: the shapes of cgroups v1 and v2, or of a Windows guest (HCS's Statistics). */
export interface TaskStatistics {
  readonly v1?: object;
  readonly v2?: object;
  readonly windows?: object;
}

export interface RpcOptions {
  /** The RPC's own: aborts waiting, never background work. */
  readonly signal: AbortSignal;
}

export interface ProcessRef {
  readonly id: string;
  /** Empty for the init. */
  readonly execId: string;
}

export interface CreateTask {
  readonly id: string;
  readonly bundle: string;
  readonly rootfs: readonly Mount[];
  readonly terminal: boolean;
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly checkpoint: string;
  /** Runtime options as containerd passed them, decoded where the type is known. */
  readonly options?: RuntimeOptions;
}

export interface CheckpointTask {
  /** Directory, made where it is not there. */
  readonly path: string;
  /** The container ends with it. */
  readonly exit: boolean;
}

export interface ExecTask {
  readonly id: string;
  readonly execId: string;
  readonly terminal: boolean;
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
  /** OCI Process, parsed. */
  readonly process: object;
}

export type TaskStatus = "created" | "running" | "stopped" | "paused" | "pausing";

export interface ProcessState {
  readonly id: string;
  readonly execId: string;
  readonly bundle: string;
  readonly pid: number;
  readonly status: TaskStatus;
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly terminal: boolean;
  readonly exitStatus: number;
  readonly exitedAt?: Date;
}

/** `containerd.runc.v1.Options`, the fields that mean something here, or `containerd.runhcs.v1.Options`. */
export interface RuntimeOptions {
  readonly binaryName?: string;
  readonly root?: string;
  readonly systemdCgroup?: boolean;
  readonly noPivotRoot?: boolean;
  readonly noNewKeyring?: boolean;
  readonly shimCgroup?: string;
  readonly ioUid?: number;
  readonly ioGid?: number;
  /** Those of runhcs as they came, in base64. */
  readonly runhcs?: string;
}
