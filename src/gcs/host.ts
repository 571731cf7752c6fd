import type { GuestConnection } from "../transport/sockets.ts";

/**
 * What the bridge server asks of the guest: one method per request of protocol V4,
 * in plain values. `gcs/bridge` decodes, calls, and turns a ShimError into the
 * HRESULT of reference hcsshim 6.2; it keeps no container state. `runtime/`,
 * `storage/` and `network/` stand behind this.
 */
export interface GcsHost {
  /** runc create. Throws already-exists for a used id, invalid-argument for a spec it can't read. */
  createContainer(id: string, settings: ContainerSettings): Promise<{ initPid: number }>;
  /** runc start, and the init's process. */
  startInit(id: string, stdio: StdioPorts): Promise<{ pid: number }>;
  execInContainer(id: string, process: ExecSettings, stdio: StdioPorts): Promise<{ pid: number }>;
  /** A process of the guest itself. */
  execExternal(process: ExternalSettings, stdio: StdioPorts): Promise<{ pid: number }>;
  /**
   * The exit code, once the process is gone and the host has read its output to the end and half-closed (reference 6.3).
   * not-found for an unknown pid, deadline-exceeded after the time-out (Infinity: none). The init may be waited for from its create on, by
   * the pid that `createContainer` answered: one killed before its start answers too.
   */
  waitForProcess(id: string, pid: number, timeoutMs: number): Promise<number>;
  /** How long (whole ms) that exit was held back for output that the host did not take; 0 where it is not known. */
  heldBackMs(id: string, pid: number): number;
  /** not-found where the process is gone. `signal` 0 or absent: SIGKILL. */
  signalProcess(id: string, pid: number, options: { signal?: number; all?: boolean }): Promise<void>;
  resizeConsole(id: string, pid: number, columns: number, rows: number): Promise<void>;
  shutdownContainer(id: string, mode: "graceful" | "forced"): Promise<void>;
  /** Shutdown of the guest itself (null id). */
  shutdownGuest(mode: "graceful" | "forced"): Promise<void>;
  /** GetProperties: the members asked for. */
  processList(id: string): Promise<readonly number[]>;
  statistics(id: string): Promise<{ v1?: object; v2?: object }>;
  /** ModifySettings with the null id: see prot/resources. */
  modifyGuest(request: ModifyRequest): Promise<void>;
  modifyContainer(id: string, request: ModifyRequest): Promise<void>;
  deleteContainerState(id: string): Promise<void>;
  dumpStacks(): Promise<string>;
  /** Exit notifications, to be sent once the init's wait has been answered; the bridge subscribes once. */
  onContainerExit(listener: (exit: ContainerExit) => void): void;
  /** The kernel's OOM killer has killed in the container: before any exit that came of it is answered. Subscribed once. */
  onOutOfMemory(listener: (containerId: string) => void): void;
}

export interface ContainerSettings {
  readonly ociBundlePath: string;
  /** JSON of the OCI spec, parsed without loss (oci/json). */
  readonly ociSpecification: Readonly<Record<string, unknown>>;
  readonly scratchDirPath: string;
  /** Ours: the init's stdio, to be dialled before runc create. */
  readonly initStdio?: StdioPorts;
}

/** Ports to dial; absent = /dev/null. */
export interface StdioPorts {
  readonly stdin?: number;
  readonly stdout?: number;
  readonly stderr?: number;
}

export interface ExecSettings {
  readonly ociProcess: Readonly<Record<string, unknown>>;
  readonly emulateConsole: boolean;
}

export interface ExternalSettings {
  readonly commandArgs: readonly string[];
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly emulateConsole: boolean;
}

export interface ModifyRequest {
  readonly resourceType: string;
  readonly requestType: string;
  readonly settings: unknown;
}

export interface ContainerExit {
  readonly containerId: string;
  readonly type: "GracefulExit" | "ForcedExit" | "UnexpectedExit";
}

/** How the runtime reaches the host's stdio listeners. */
export type DialStdio = (port: number) => Promise<GuestConnection>;
