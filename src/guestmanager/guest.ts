import type { InitOf } from "../prot/json-codec.ts";
import type { timeZoneInformation } from "../prot/messages/create.ts";
import type { ByteStream } from "../sys/byte-stream.ts";

/** Where one of a guest process's stdio goes: an fd handed over whole (given up by the caller), or a stream to us. */
export type GuestStdio = { readonly kind: "fd"; readonly fd: number } | { readonly kind: "stream" };

export interface GuestStdioSettings {
  readonly stdin?: GuestStdio;
  readonly stdout?: GuestStdio;
  readonly stderr?: GuestStdio;
}

/** The host's ports of a process's stdio streams; none for what it does not have as a stream. */
export interface GuestStdioPorts {
  readonly stdin?: number;
  readonly stdout?: number;
  readonly stderr?: number;
}

/** Undefined streams had closed in both directions. */
export interface OpenedStdio {
  readonly ports: GuestStdioPorts;
  readonly stdin?: ByteStream | undefined;
  readonly stdout?: ByteStream | undefined;
  readonly stderr?: ByteStream | undefined;
}

export interface GuestCallOptions {
  readonly signal?: AbortSignal;
}

export type GuestOs = "linux" | "windows";

/** What a Windows guest is told once, when it is made (hcsshim's InitialGuestState). */
export interface InitialGuestState {
  readonly timeZone?: InitOf<typeof timeZoneInformation>;
}

export interface ConnectOptions extends GuestCallOptions {
  /**
   * The guest has just booted (default): one that asks for it is created and started. False for a guest that runs already,
   * in a restored VM or behind another host process before.
   */
  readonly coldStart?: boolean;
  /** hcsshim's WithInitializationState. Linux guests are told no such thing. */
  readonly initialState?: InitialGuestState;
}

/** GuestDefinedCapabilities of the negotiate response; the last eight are ours (additive, docs/gcs-protocol.md). */
export interface GuestCapabilities {
  readonly namespaceAddRequestSupported: boolean;
  readonly signalProcessSupported: boolean;
  readonly dumpStacksSupported: boolean;
  readonly deleteContainerStateSupported: boolean;
  /** Windows guests, as the next two. */
  readonly updateContainerSupported: boolean;
  readonly logForwardingSupported: boolean;
  readonly hostProcessContainerSupported: boolean;
  /** Create takes the init process's stdio as fds and answers its pid. */
  readonly initStdioSupported: boolean;
  /** ModifySettings "Freezer" on a container. */
  readonly freezerSupported: boolean;
  /** SignalProcess option All. */
  readonly signalAllSupported: boolean;
  /** Statistics also carry the cgroup v2 shape where the guest runs v2. */
  readonly cgroupV2MetricsSupported: boolean;
  /** ModifySettings "Resume" on the guest. */
  readonly resumeSupported: boolean;
  /** ModifySettings "Processors" on the guest. */
  readonly processorsSupported: boolean;
  /** It tells when its kernel's OOM killer has killed in a container. */
  readonly outOfMemoryNotificationsSupported: boolean;
  /** ModifySettings "Pod" on the guest, and namespaces that it keeps for its pod. */
  readonly podSupported: boolean;
}

/**
 * The guest, over the bridge (hcsshim's Manager): one method = one GCS request. Keeps no maps and no counts. What the guest
 * does not claim among its capabilities is refused (unimplemented) before it is sent.
 */
export interface Guest<Document = ContainerDocument> {
  readonly os: GuestOs;
  /** Arms the bridge listener; to be called before the UVM starts, or the guest's dial is lost. */
  prepareConnection(): void;
  /** Accepts the guest's dial and negotiates protocol V4. A second call does nothing. */
  createConnection(options?: ConnectOptions): Promise<void>;
  /** Ends the bridge: pending requests fail with unavailable. Idempotent. */
  closeConnection(): void;
  /** Resolves when the bridge has ended; with the reason unless it was an orderly end. */
  readonly disconnected: Promise<Error | undefined>;
  /** Throws unavailable before `createConnection`. */
  capabilities(): GuestCapabilities;
  /** False before `createConnection`, and once the bridge has ended. */
  isBridgeConnected(): boolean;
  /** The port that the next process's first stream will get; what a save has to keep. */
  nextPort(): number;
  /** Ports below are taken, by processes that were not made here. Never goes back. */
  setNextPort(port: number): void;
  createContainer(id: string, document: Document, options?: CreateContainerOptions): Promise<GuestContainer>;
  /** A process in the guest itself, outside any container. */
  createProcess(settings: ExternalProcess, options?: GuestCallOptions): Promise<GuestProcess>;
  /**
   * A container that the guest has already (a restored VM's): nothing is sent. Also before `createConnection`: the guest
   * tells at once of exits that nobody has heard of. Throws already-exists for an id in use.
   */
  openContainer(id: string, container: { readonly initPid: number }): GuestContainer;
  /**
   * A process of such a container, with the connections that its stdio came back on. Its exit code is asked for once the
   * guest is connected: also one that ended before.
   */
  openProcess(containerId: string, pid: number, stdio: OpenedStdio): GuestProcess;
  /** Runs a command in the guest itself, with the client's stdio; resolves with its exit code once all output is out. */
  execIntoUvm(request: CmdProcessRequest, options?: GuestCallOptions): Promise<number>;
  /** Needs `deleteContainerStateSupported`. */
  deleteContainerState(id: string, options?: GuestCallOptions): Promise<void>;
  /** Needs `dumpStacksSupported`. */
  dumpStacks(options?: GuestCallOptions): Promise<string>;
  /**
   * Shutdown of the guest itself: graceful gives its containers SIGTERM and 10 s, forced kills them; then it writes back
   * what its file systems hold and turns its machine off. Resolves when the guest has said that it will, or is gone.
   */
  shutdown(mode: "graceful" | "forced", options?: GuestCallOptions): Promise<void>;
}

/** The hosted system's V2 settings (prot `VMHostedContainerSettingsV2`), as the host fills them in. */
export interface ContainerDocument {
  readonly ociBundlePath: string;
  /** The OCI runtime spec, already rewritten for the guest. */
  readonly ociSpecification: object;
  readonly scratchDirPath?: string;
}

/** A Windows container: `container` is the HCS schema's, encoded (`hostedSystem`). */
export interface WindowsContainerDocument {
  readonly container: object;
  /** For a confidential guest, whose sidecar holds it against the policy: the OCI spec. */
  readonly ociSpecification?: object;
}

export interface CreateContainerOptions extends GuestCallOptions {
  /** Only with `initStdioSupported`. */
  readonly initStdio?: GuestStdioSettings;
}

export interface ExternalProcess {
  readonly commandArgs: readonly string[];
  /** Windows guests: the account, as "NT AUTHORITY\\SYSTEM". */
  readonly user?: string;
  readonly workingDirectory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly emulateConsole?: boolean;
  readonly stdio?: GuestStdioSettings;
}

/** hcsshim's CmdProcessRequest: stdio by the client's URIs or paths, empty: none. */
export interface CmdProcessRequest {
  readonly args: readonly string[];
  /** Empty: the root. */
  readonly workdir?: string;
  readonly terminal?: boolean;
  readonly stdin?: string;
  readonly stdout?: string;
  readonly stderr?: string;
}

export interface GuestContainer {
  readonly id: string;
  /** The created init's pid in the guest; 0 where the guest does not tell before start. */
  readonly initPid: number;
  /**
   * Start + ExecuteProcess without OciProcess. `stdio` is ignored by the guest where `initStdio` was given. A Windows guest
   * needs the `ociProcess`; a Linux one has had it with the create.
   */
  startInit(
    settings: { emulateConsole: boolean; stdio?: GuestStdioSettings; ociProcess?: object },
    o?: GuestCallOptions,
  ): Promise<GuestProcess>;
  /**
   * WaitForProcess on the created init: its exit code also where it dies before its start (killed while created).
   * Unimplemented where `initPid` is 0. Rejects with unavailable when the bridge ends first.
   */
  waitInit(options?: GuestCallOptions): Promise<number>;
  /** ExecuteProcess with an OCI process. */
  exec(
    process: { ociProcess: object; emulateConsole: boolean; stdio?: GuestStdioSettings },
    o?: GuestCallOptions,
  ): Promise<GuestProcess>;
  /** Resolves with the exit notification; rejects with unavailable when the bridge ends first. */
  wait(options?: GuestCallOptions): Promise<void>;
  /**
   * Calls back when the guest's OOM killer has killed in the container: before the exit code of what it killed. What was
   * told before this call is told now. Never, without `outOfMemoryNotificationsSupported`.
   */
  onOutOfMemory(listener: () => void): void;
  /** The pids in the container (PropertyType ProcessList). */
  processList(options?: GuestCallOptions): Promise<readonly number[]>;
  statistics(options?: GuestCallOptions): Promise<ContainerStatistics>;
  /**
   * Begins to copy a tar out of the container's root file system or into it. Cancelled by destroying the data's stream;
   * errors of the copying itself are the result's.
   */
  archive(request: ArchiveRequest, options?: GuestCallOptions): Promise<GuestArchive>;
  /** ContainerConstraints: runc update. `resources` is OCI LinuxResources, or WindowsResources in a Windows guest. */
  updateResources(resources: object, options?: GuestCallOptions): Promise<void>;
  /** Freezes or thaws every process of the container (needs `freezerSupported`). */
  setFrozen(frozen: boolean, options?: GuestCallOptions): Promise<void>;
  /** ShutdownGraceful (SIGTERM) and ShutdownForced (SIGKILL). A container that is gone counts as shut down. */
  shutdown(mode: "graceful" | "forced", options?: GuestCallOptions): Promise<void>;
  /** Signals the init, started or only created; `all`: every process of the container. False: it was not running. */
  signal(signal: number, options?: GuestCallOptions & { all?: boolean }): Promise<boolean>;
}

export interface ArchiveRequest {
  readonly direction: "Out" | "In";
  /** In the container's root file system. In: the directory to unpack below, made where it is not there. */
  readonly path: string;
  /** Out: of a directory its own entry alone. */
  readonly noWalk?: boolean;
  /** In: owners and rights as in the archive, else root's. */
  readonly preserveOwnership?: boolean;
}

export interface GuestArchive {
  /** The tar: to be read to its end, or written and ended. */
  readonly data: ByteStream;
  /** How it ended, once all is read or written. Rejects with what the guest tells, or unavailable where it is gone. */
  readonly result: Promise<void>;
}

/** JSON of the guest's Statistics: cgroup v1 shape always, v2 where it has it. Field names as in the containerd protos. */
export interface ContainerStatistics {
  /** Windows guests: the HCS schema's. */
  readonly windows?: object;
  readonly v1?: object;
  readonly v2?: object;
}

export interface GuestProcess {
  readonly pid: number;
  /** Streams for the stdio asked for as `stream`. */
  readonly stdin: ByteStream | undefined;
  readonly stdout: ByteStream | undefined;
  readonly stderr: ByteStream | undefined;
  /** Where those streams were dialled. */
  readonly ports: GuestStdioPorts;
  /** WaitForProcess, asked once: 0-255, or 128 + signal. Rejects with unavailable when the bridge ends first. */
  readonly exitCode: Promise<number>;
  /** How long the guest held that exit back for output that we did not take; 0 until it is told, or where the guest never tells. */
  readonly heldBackMs: number;
  /** False: it was not running any more. */
  signal(signal: number, options?: GuestCallOptions & { all?: boolean }): Promise<boolean>;
  resizeConsole(columns: number, rows: number, options?: GuestCallOptions): Promise<void>;
}
