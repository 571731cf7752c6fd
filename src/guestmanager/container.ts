import { failedPrecondition, invalidArgument, isKind, unimplemented } from "../errors/shim-error.ts";
import type { SpecProcess } from "../oci/spec.ts";
import { PropertyType, RequestType } from "../prot/protocol.ts";
import { containerConstraints, freezer } from "../prot/resources/container.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import { rpcs } from "../prot/rpc.ts";
import { openArchive } from "./archive.ts";
import type { GuestConnection } from "./connection.ts";
import type {
  ArchiveRequest,
  ContainerStatistics,
  GuestArchive,
  GuestCallOptions,
  GuestContainer,
  GuestProcess,
  GuestStdioSettings,
} from "./guest.ts";
import { modify } from "./modify.ts";
import { executeProcess, type ProcessRequest, signalProcess, waitForProcess } from "./process.ts";
import { closeStdioFds, type ProcessStreams } from "./stdio.ts";
import { wcowProcessParameters } from "./wcow/process-parameters.ts";
import { updateWcowResources } from "./wcow/update-resources.ts";

const SIGTERM = 15;
const SIGKILL = 9;

export interface CreatedContainer {
  readonly id: string;
  readonly initPid: number;
  /** The streams of the init stdio that went with the create; undefined where none went. */
  readonly initStreams: ProcessStreams | undefined;
  /** Settled by the exit notification or the end of the bridge. */
  readonly exited: Promise<void>;
  onOutOfMemory(listener: () => void): void;
  /** Resolves once requests may be sent; undefined where they may be. */
  readonly connected?: Promise<void>;
}

/** A container in the guest, addressed by id: each method is one request. */
export class BridgeContainer implements GuestContainer {
  readonly id: string;
  readonly initPid: number;
  readonly #connection: GuestConnection;
  readonly #created: CreatedContainer;
  /** 0 where the guest has not told yet. */
  #signalPid: number;

  constructor(connection: GuestConnection, created: CreatedContainer) {
    this.id = created.id;
    this.initPid = created.initPid;
    this.#connection = connection;
    this.#created = created;
    this.#signalPid = created.initPid;
  }

  async startInit(
    settings: { emulateConsole: boolean; stdio?: GuestStdioSettings; ociProcess?: object },
    options?: GuestCallOptions,
  ): Promise<GuestProcess> {
    const { stdio = {} } = settings;
    const { initStreams } = this.#created;
    const request = this.#initRequest(settings);
    // Not sent twice: the guest would dial a second time for a process that has its stdio.
    if (initStreams !== undefined) closeStdioFds(stdio);
    await this.#connection.call(rpcs.start, { containerId: this.id }, options).catch((error: unknown) => {
      if (initStreams === undefined) closeStdioFds(stdio);
      throw error;
    });
    const process = await executeProcess(this.#connection, this.id, request, initStreams === undefined ? stdio : {}, {
      ...options,
      ...(initStreams === undefined ? {} : { streams: initStreams }),
    });
    this.#signalPid = process.pid;
    return process;
  }

  async waitInit(options?: GuestCallOptions): Promise<number> {
    if (this.initPid === 0) {
      throw unimplemented(`container ${this.id}: this guest tells no init pid before the start; cannot wait for it`);
    }
    await this.#created.connected;
    return (await waitForProcess(this.#connection, this.id, this.initPid, options)).exitCode;
  }

  exec(
    process: { ociProcess: object; emulateConsole: boolean; stdio?: GuestStdioSettings },
    options?: GuestCallOptions,
  ): Promise<GuestProcess> {
    const { ociProcess, emulateConsole, stdio = {} } = process;
    const request =
      this.#connection.os === "linux" ? { ociProcess, emulateConsole } : windowsRequest(ociProcess, emulateConsole);
    return executeProcess(this.#connection, this.id, request, stdio, options);
  }

  async wait(options?: GuestCallOptions): Promise<void> {
    const signal = options?.signal;
    if (signal === undefined) return this.#created.exited;
    signal.throwIfAborted();
    let abort = (): void => undefined;
    const aborted = new Promise<never>((_resolve, reject) => {
      abort = () => reject(signal.reason);
      signal.addEventListener("abort", abort);
    });
    try {
      await Promise.race([this.#created.exited, aborted]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  onOutOfMemory(listener: () => void): void {
    this.#created.onOutOfMemory(listener);
  }

  async processList(options?: GuestCallOptions): Promise<readonly number[]> {
    const { processList } = await this.#properties(PropertyType.processList, options);
    return processList.map(({ processId }) => processId);
  }

  async statistics(options?: GuestCallOptions): Promise<ContainerStatistics> {
    const { statistics, metrics, metricsV2 } = await this.#properties(PropertyType.statistics, options);
    if (this.#connection.os === "windows") return { ...(statistics && { windows: statistics }) };
    return { ...(metrics && { v1: metrics }), ...(metricsV2 && { v2: metricsV2 }) };
  }

  archive(request: ArchiveRequest, options?: GuestCallOptions): Promise<GuestArchive> {
    return openArchive(this.#connection, this.id, request, options);
  }

  updateResources(resources: object, options?: GuestCallOptions): Promise<void> {
    if (this.#connection.os === "windows") return updateWcowResources(this.#connection, this.id, resources, options);
    const settings = { codec: containerConstraints, value: { linux: resources } };
    return modify(this.#connection, this.id, ResourceType.containerConstraints, RequestType.update, settings, options);
  }

  async setFrozen(frozen: boolean, options?: GuestCallOptions): Promise<void> {
    if (!this.#connection.capabilities().freezerSupported) {
      throw unimplemented(`container ${this.id}: this guest has no freezer; cannot ${frozen ? "pause" : "resume"} it`);
    }
    const settings = { codec: freezer, value: { state: frozen ? ("Frozen" as const) : ("Thawed" as const) } };
    await modify(this.#connection, this.id, ResourceType.freezer, RequestType.update, settings, options);
  }

  async shutdown(mode: "graceful" | "forced", options?: GuestCallOptions): Promise<void> {
    const rpc = mode === "graceful" ? rpcs.shutdownGraceful : rpcs.shutdownForced;
    try {
      await this.#connection.call(rpc, { containerId: this.id }, options);
    } catch (error) {
      if (!isKind(error, "not-found")) throw error;
    }
  }

  async signal(signal: number, options?: GuestCallOptions & { all?: boolean }): Promise<boolean> {
    if (this.#signalPid !== 0) return signalProcess(this.#connection, this.id, this.#signalPid, signal, options);
    // A guest without init pids takes only these two before the start.
    if (signal !== SIGKILL && signal !== SIGTERM) {
      throw failedPrecondition(`container ${this.id} is created; cannot send it signal ${signal} before its start`);
    }
    await this.shutdown(signal === SIGKILL ? "forced" : "graceful", options);
    return true;
  }

  /** A Linux guest has had its init's process with the create. */
  #initRequest({ emulateConsole, ociProcess }: { emulateConsole: boolean; ociProcess?: object }): ProcessRequest {
    if (this.#connection.os === "linux") return { emulateConsole };
    if (ociProcess !== undefined) return windowsRequest(ociProcess, emulateConsole);
    throw invalidArgument(
      `container ${this.id}: a Windows guest knows no init of its own; cannot start it: name its process`,
    );
  }

  async #properties(type: string, options?: GuestCallOptions) {
    const request = { containerId: this.id, query: { propertyTypes: [type] } };
    return (await this.#connection.call(rpcs.getProperties, request, options)).properties;
  }
}

function windowsRequest(process: Partial<SpecProcess>, emulateConsole: boolean): ProcessRequest {
  return { ...wcowProcessParameters(process), emulateConsole };
}
