import { failedPrecondition, ShimError, unavailable, unimplemented } from "../errors/shim-error.ts";
import { type Logger, silentLogger } from "../log/logger.ts";
import { stringifyJson } from "../oci/json.ts";
import type { MessageBase, MessageResponseBase } from "../prot/messages/base.ts";
import { uvmConfig, V2_SCHEMA_VERSION, vmHostedContainerSettingsV2 } from "../prot/messages/create.ts";
import { BRIDGE_PORT, NULL_ID, OsType, ProtocolVersion } from "../prot/protocol.ts";
import { type Rpc, rpcs } from "../prot/rpc.ts";
import type { GuestListener, HostSockets } from "../transport/sockets.ts";
import { Bridge, HOST_RECEIVE_CAP } from "./bridge/bridge.ts";
import type { BridgeTap } from "./bridge/tap.ts";
import type { GuestConnection } from "./connection.ts";
import { BridgeContainer } from "./container.ts";
import { type GuestDirectories, guestDirectories } from "./directories.ts";
import { ExitWatch } from "./exit-watch.ts";
import type {
  ContainerDocument,
  CreateContainerOptions,
  ExternalProcess,
  Guest,
  GuestCallOptions,
  GuestCapabilities,
  GuestContainer,
  GuestProcess,
  OpenedStdio,
} from "./guest.ts";
import { type GuestLayers, guestLayers } from "./layers.ts";
import type { BootServices } from "./lcow-boot.ts";
import { type GuestMachine, guestMachine } from "./machine.ts";
import { type GuestNetwork, guestNetwork } from "./network.ts";
import { type GuestPod, guestPod } from "./pod.ts";
import { connectStdio, executeProcess, openProcess } from "./process.ts";
import { type GuestScsi, guestScsi } from "./scsi.ts";
import { type GuestUnixSockets, guestUnixSockets } from "./sockets.ts";
import { closeStdioFds, PreparedStdio, StdioPorts } from "./stdio.ts";
import { type GuestVpmem, guestVpmem } from "./vpmem.ts";

/** hcsshim's: a guest that needs longer than this for one request is lost. */
const REQUEST_TIMEOUT_MS = 5 * 60 * 1000;

export interface GuestOptions {
  readonly sockets: HostSockets;
  readonly log?: Logger;
  /** Of every request but WaitForProcess; when it passes, the bridge ends. Default: 5 minutes. */
  readonly requestTimeoutMs?: number;
  /** Listens in on the bridge, from its first frame on. */
  readonly tap?: BridgeTap;
  /** Armed and closed with the bridge's listener and connection. */
  readonly boot?: BootServices;
}

/** A Linux guest: the interface that every guest has, and the managers of its devices. */
export type LinuxGuest = Guest &
  GuestLayers &
  GuestDirectories &
  GuestScsi &
  GuestVpmem &
  GuestNetwork &
  GuestMachine &
  GuestUnixSockets &
  GuestPod;

export function createGuest(options: GuestOptions): LinuxGuest {
  const guest = new BridgeGuest(options);
  return Object.assign(guest, {
    ...guestLayers(guest),
    ...guestDirectories(guest),
    ...guestScsi(guest),
    ...guestVpmem(guest),
    ...guestNetwork(guest),
    ...guestMachine(guest),
    ...guestUnixSockets(guest),
    ...guestPod(guest),
  });
}

interface Connected {
  readonly bridge: Bridge;
  readonly capabilities: GuestCapabilities;
}

class BridgeGuest implements Guest, GuestConnection {
  readonly sockets: HostSockets;
  readonly stdioPorts = new StdioPorts();
  readonly requestTimeoutMs: number;
  readonly disconnected: Promise<Error | undefined>;
  readonly #log: Logger;
  readonly #tap: BridgeTap | undefined;
  readonly #boot: BootServices | undefined;
  readonly #exits = new ExitWatch();
  #listener: GuestListener | undefined;
  #bridge: Bridge | undefined;
  #connected: Connected | undefined;
  #closed = false;
  #resolveConnected: () => void = () => undefined;
  #rejectConnected: (error: Error) => void = () => undefined;
  readonly #whenConnected: Promise<void>;
  #resolveDisconnected: (reason: Error | undefined) => void = () => undefined;

  constructor({ sockets, log = silentLogger, requestTimeoutMs = REQUEST_TIMEOUT_MS, tap, boot }: GuestOptions) {
    this.sockets = sockets;
    this.requestTimeoutMs = requestTimeoutMs;
    this.#log = log;
    this.#tap = tap;
    this.#boot = boot;
    this.disconnected = new Promise((resolve) => {
      this.#resolveDisconnected = resolve;
    });
    this.#whenConnected = new Promise((resolve, reject) => {
      this.#resolveConnected = resolve;
      this.#rejectConnected = reject;
    });
    this.#whenConnected.catch(() => undefined);
  }

  prepareConnection(): void {
    if (this.#closed) throw unavailable("the connection to the guest is closed; cannot prepare it again");
    if (this.#bridge !== undefined) return;
    this.#boot?.arm(this.sockets);
    this.#listener ??= this.sockets.listen(BRIDGE_PORT);
  }

  async createConnection(options?: GuestCallOptions): Promise<void> {
    const listener = this.#listener;
    if (listener === undefined) {
      throw failedPrecondition(
        "nobody listens for the guest; cannot connect: prepare the connection before the VM starts",
      );
    }
    try {
      const stream = await listener.accept(options);
      if (this.#closed) {
        stream.destroy();
        throw unavailable("the connection to the guest was closed while it was made");
      }
      this.#bridge = new Bridge(stream, {
        requestTimeoutMs: this.requestTimeoutMs,
        tap: this.#tap,
        onNotification: (notification) => this.#exits.notified(notification),
        onAnswered: (request, milliseconds) =>
          this.#log.debug("guest answered", { request, ms: Math.round(milliseconds) }),
      });
    } finally {
      // One connection only; a second dial is none of ours.
      listener.close();
      this.#listener = undefined;
    }
    const bridge = this.#bridge;
    bridge.onEnd((error) => this.#exits.lost(error));
    void bridge.ended.then((reason) => this.#resolveDisconnected(reason));
    try {
      this.#connected = { bridge, capabilities: await this.#negotiate(bridge, options) };
      this.#resolveConnected();
    } catch (error) {
      bridge.close();
      throw error;
    }
  }

  closeConnection(): void {
    this.#closed = true;
    this.#boot?.close();
    this.#rejectConnected(unavailable("the connection to the guest was closed before it was made"));
    this.#listener?.close();
    this.#listener = undefined;
    if (this.#bridge === undefined) this.#resolveDisconnected(undefined);
    else this.#bridge.close();
  }

  capabilities(): GuestCapabilities {
    return this.#live().capabilities;
  }

  bridge(): Bridge {
    return this.#live().bridge;
  }

  async call<Req extends MessageBase, ReqInit, Res extends MessageResponseBase, ResInit>(
    rpc: Rpc<Req, ReqInit, Res, ResInit>,
    request: ReqInit & { readonly containerId: string },
    options?: GuestCallOptions,
  ): Promise<Res> {
    return this.#live().bridge.call(rpc, { activityId: NULL_ID, ...request }, options);
  }

  async createContainer(
    id: string,
    document: ContainerDocument,
    options?: CreateContainerOptions,
  ): Promise<GuestContainer> {
    const { initStdio } = options ?? {};
    let exited: Promise<void>;
    try {
      if (initStdio !== undefined && !this.capabilities().initStdioSupported) {
        throw unimplemented(`container ${id}: this guest takes an init's stdio only at its start, not at its create`);
      }
      exited = this.#exits.watch(id);
    } catch (error) {
      if (initStdio !== undefined) closeStdioFds(initStdio);
      throw error;
    }
    let prepared: PreparedStdio | undefined;
    try {
      if (initStdio !== undefined) prepared = new PreparedStdio(this.sockets, this.stdioPorts, initStdio);
      const config = vmHostedContainerSettingsV2.encode({ ...document, schemaVersion: V2_SCHEMA_VERSION });
      const { processId } = await this.call(
        rpcs.create,
        {
          containerId: id,
          containerConfig: stringifyJson(config),
          ...(prepared === undefined ? {} : { vsockStdioRelaySettings: prepared.relaySettings }),
        },
        options,
      );
      const initStreams = prepared === undefined ? undefined : await connectStdio(this, prepared);
      return new BridgeContainer(this, {
        ...{ id, initPid: processId, initStreams, exited },
        onOutOfMemory: (listener) => this.#exits.onOutOfMemory(id, listener),
      });
    } catch (error) {
      prepared?.abandon();
      this.#exits.forget(id, ShimError.from(error));
      throw error;
    }
  }

  createProcess(settings: ExternalProcess, options?: GuestCallOptions): Promise<GuestProcess> {
    const { emulateConsole = false, stdio = {}, ...process } = settings;
    return executeProcess(this, NULL_ID, { ...process, emulateConsole, isExternal: true }, stdio, options);
  }

  openContainer(id: string, { initPid }: { readonly initPid: number }): GuestContainer {
    const exited = this.#exits.watch(id);
    return new BridgeContainer(this, {
      id,
      initPid,
      initStreams: undefined,
      exited,
      onOutOfMemory: (listener) => this.#exits.onOutOfMemory(id, listener),
      connected: this.#whenConnected,
    });
  }

  openProcess(containerId: string, pid: number, stdio: OpenedStdio): GuestProcess {
    return openProcess(this, containerId, pid, stdio, this.#whenConnected);
  }

  async deleteContainerState(id: string, options?: GuestCallOptions): Promise<void> {
    await this.call(rpcs.deleteContainerState, { containerId: id }, options);
    this.#exits.deleted(id);
  }

  async dumpStacks(options?: GuestCallOptions): Promise<string> {
    return (await this.call(rpcs.dumpStacks, { containerId: NULL_ID }, options)).guestStacks;
  }

  async shutdown(mode: "graceful" | "forced", options?: GuestCallOptions): Promise<void> {
    const { bridge } = this.#live();
    const rpc = mode === "graceful" ? rpcs.shutdownGraceful : rpcs.shutdownForced;
    const answer = this.call(rpc, { containerId: NULL_ID }, options);
    let ended = false;
    // After the call: one that could not even be sent has turned nothing off.
    const forget = bridge.onEnd(({ cause }) => {
      ended = cause === undefined;
    });
    const wasSent = !ended;
    try {
      await answer;
    } catch (error) {
      // hcsshim's guest turns off without an answer: an orderly end of the bridge is one.
      if (!wasSent || !ended) throw error;
    } finally {
      forget();
    }
  }

  #live(): Connected {
    if (this.#connected === undefined) {
      throw unavailable("the guest is not connected; cannot call it: create the connection first");
    }
    return this.#connected;
  }

  /** Negotiates V4, and makes the UVM's own system where the guest asks for it (Windows guests). */
  async #negotiate(bridge: Bridge, options?: GuestCallOptions): Promise<GuestCapabilities> {
    const version = ProtocolVersion.v4;
    const base = { containerId: NULL_ID, activityId: NULL_ID };
    const response = await bridge.call(
      rpcs.negotiateProtocol,
      {
        ...base,
        minimumVersion: version,
        maximumVersion: version,
        maximumReceiveSize: HOST_RECEIVE_CAP,
        outOfMemoryNotifications: true,
      },
      options,
    );
    if (response.version !== version) {
      throw unimplemented(
        `the guest chose version ${response.version} of the bridge protocol; only ${version} is spoken`,
      );
    }
    const { runtimeOsType, sendHostCreateMessage, sendHostStartMessage, guestDefinedCapabilities } =
      response.capabilities;
    if (runtimeOsType !== OsType.linux && runtimeOsType !== OsType.windows) {
      throw unimplemented(`the guest runs ${JSON.stringify(runtimeOsType)}; only Linux and Windows are known`);
    }
    if (sendHostCreateMessage) {
      const containerConfig = stringifyJson(uvmConfig.encode({ systemType: "Container" }));
      await bridge.call(rpcs.create, { ...base, containerConfig }, options);
      if (sendHostStartMessage) await bridge.call(rpcs.start, base, options);
    }
    this.#log.debug("guest connected", { os: runtimeOsType });
    return guestDefinedCapabilities;
  }
}
