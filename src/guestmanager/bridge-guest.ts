import { failedPrecondition, ShimError, unavailable, unimplemented } from "../errors/shim-error.ts";
import { type Logger, silentLogger } from "../log/logger.ts";
import type { MessageBase, MessageResponseBase } from "../prot/messages/base.ts";
import { NULL_ID } from "../prot/protocol.ts";
import { type Rpc, rpcs } from "../prot/rpc.ts";
import type { GuestListener, HostSockets } from "../transport/sockets.ts";
import type { BootServices } from "./boot-services.ts";
import { Bridge } from "./bridge/bridge.ts";
import type { BridgeTap } from "./bridge/tap.ts";
import { needsDeleteContainerState, needsDumpStacks } from "./capabilities.ts";
import type { GuestConnection } from "./connection.ts";
import { BridgeContainer } from "./container.ts";
import { execIntoUvm } from "./exec-into-uvm.ts";
import { ExitWatch } from "./exit-watch.ts";
import type {
  CmdProcessRequest,
  ConnectOptions,
  CreateContainerOptions,
  ExternalProcess,
  Guest,
  GuestCallOptions,
  GuestCapabilities,
  GuestContainer,
  GuestOs,
  GuestProcess,
  OpenedStdio,
} from "./guest.ts";
import { shakeHands } from "./handshake.ts";
import { connectStdio, executeProcess, openProcess } from "./process.ts";
import { closeStdioFds, PreparedStdio, StdioPorts } from "./stdio.ts";
import { escapeArgs } from "./wcow/command-line.ts";

/** hcsshim's: a guest that needs longer than this for one request is lost. */
const REQUEST_TIMEOUT_MS = 5 * 60 * 1000;

export interface GuestOptions {
  readonly sockets: HostSockets;
  /** Listens for the guest's dial. Default: where a guest of its system dials; hcsshim's sidecar has a service of its own. */
  readonly listen?: () => GuestListener;
  readonly log?: Logger;
  /** Of every request but WaitForProcess; when it passes, the bridge ends. Default: 5 minutes. */
  readonly requestTimeoutMs?: number;
  /** Listens in on the bridge, from its first frame on. */
  readonly tap?: BridgeTap;
  /** Armed and closed with the bridge's listener and connection. */
  readonly boot?: BootServices;
}

interface Connected {
  readonly bridge: Bridge;
  readonly capabilities: GuestCapabilities;
}

/** What differs between the systems that guests run. */
export interface GuestProfile<Document> {
  readonly os: GuestOs;
  /** Where its gcs dials. */
  listen(sockets: HostSockets): GuestListener;
  /** The text for Create. */
  containerConfig(document: Document): string;
}

/** A guest of any system; the managers of its devices are put on it by whoever makes it (`create-guest.ts`). */
export class BridgeGuest<Document> implements Guest<Document>, GuestConnection {
  readonly os: GuestOs;
  readonly sockets: HostSockets;
  readonly stdioPorts = new StdioPorts();
  readonly requestTimeoutMs: number;
  readonly disconnected: Promise<Error | undefined>;
  readonly #listen: () => GuestListener;
  readonly #containerConfig: (document: Document) => string;
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

  constructor(options: GuestOptions, profile: GuestProfile<Document>) {
    const { sockets, listen, log = silentLogger, requestTimeoutMs = REQUEST_TIMEOUT_MS, tap, boot } = options;
    this.os = profile.os;
    this.#containerConfig = (document) => profile.containerConfig(document);
    this.#listen = listen ?? (() => profile.listen(sockets));
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
    this.#listener ??= this.#listen();
  }

  async createConnection(options: ConnectOptions = {}): Promise<void> {
    if (this.isBridgeConnected()) return;
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
      this.#connected = { bridge, capabilities: await shakeHands(bridge, this.os, options) };
      this.#log.debug("guest connected", { os: this.os });
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

  isBridgeConnected(): boolean {
    return this.#connected !== undefined && !this.#connected.bridge.isEnded;
  }

  nextPort(): number {
    return this.stdioPorts.upcoming;
  }

  setNextPort(port: number): void {
    this.stdioPorts.taken(port - 1);
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

  async createContainer(id: string, document: Document, options?: CreateContainerOptions): Promise<GuestContainer> {
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
      const { processId } = await this.call(
        rpcs.create,
        {
          containerId: id,
          containerConfig: this.#containerConfig(document),
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
    const { emulateConsole = false, stdio = {}, commandArgs, ...process } = settings;
    const command = this.os === "linux" ? { commandArgs } : { commandLine: escapeArgs(commandArgs) };
    return executeProcess(this, NULL_ID, { ...process, ...command, emulateConsole }, stdio, options);
  }

  execIntoUvm(request: CmdProcessRequest, options?: GuestCallOptions): Promise<number> {
    return execIntoUvm(this, request, options);
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
    needsDeleteContainerState(this, id);
    await this.call(rpcs.deleteContainerState, { containerId: id }, options);
    this.#exits.deleted(id);
  }

  async dumpStacks(options?: GuestCallOptions): Promise<string> {
    needsDumpStacks(this);
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
}
