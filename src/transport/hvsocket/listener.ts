import type { Logger } from "../../log/logger.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { PendingAccept } from "../../sys/windows/pending-accept.ts";
import { closeSocket, listenOn, type NativeSocket } from "../../sys/windows/winsock.ts";
import { AcceptQueue } from "../accept-queue.ts";
import type { GuestListener } from "../sockets.ts";
import type { ServiceSpace } from "./service-space.ts";
import { type StreamMaker, streamMakers } from "./stream-maker.ts";

/** Connections that nobody has accepted: further ones wait in the kernel, which refuses them above its own bound. */
const MAX_BACKLOG = 64;
const KERNEL_BACKLOG = 128;
/** How often a pending accept is looked at (milliseconds). Windows' timers may make some 16 of it. */
const LOOK_MS = 10;
/** After an accept that could not begin, for want of memory. */
const RETRY_MS = 100;

export interface ServiceListenerOptions {
  readonly port: number;
  readonly serviceId: string;
  readonly space: ServiceSpace;
  readonly maker: StreamMaker;
  readonly log: Logger;
  /** Called once, when it closes. */
  closed(): void;
}

/** Listens on one service. One accept is pending at a time, without a thread; the process lives as long as one is. */
export class ServiceListener implements GuestListener {
  readonly port: number;
  readonly #options: ServiceListenerOptions;
  readonly #queue: AcceptQueue;
  readonly #socket: NativeSocket;
  readonly #silence: (() => void) | undefined;
  #pending: PendingAccept | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** Throws a SysError where the service can't be listened on: EADDRINUSE, EAFNOSUPPORT. */
  constructor(options: ServiceListenerOptions) {
    const { port, space, serviceId } = options;
    this.port = port;
    this.#options = options;
    this.#queue = new AcceptQueue(port, () => this.#release());
    const listening = listenOn(space.address(serviceId), KERNEL_BACKLOG);
    this.#socket = listening.socket;
    this.#silence = space.announce?.(serviceId, listening.port);
    this.#acceptMore();
  }

  accept(options?: { signal?: AbortSignal }): Promise<ByteStream> {
    const accepted = this.#queue.accept(options);
    this.#acceptMore();
    return accepted;
  }

  close(): void {
    this.#queue.close();
  }

  #acceptMore(): void {
    const { space, serviceId, maker, log } = this.#options;
    clearTimeout(this.#timer);
    while (!this.#closed && this.#queue.backlog.length < MAX_BACKLOG) {
      try {
        this.#pending ??= new PendingAccept(this.#socket, space.address(serviceId).family);
      } catch (error) {
        log.warn(`cannot accept connections of service ${serviceId}; trying again`, { error });
        this.#timer = setTimeout(() => this.#acceptMore(), RETRY_MS);
        return;
      }
      if (!this.#pending.over) {
        this.#timer = setTimeout(() => this.#acceptMore(), LOOK_MS);
        return;
      }
      const over = this.#pending;
      this.#pending = undefined;
      try {
        this.#queue.offer(streamMakers[maker](over.take()));
      } catch (error) {
        log.debug(`a connection of service ${serviceId} ended before it was one`, { error });
      }
    }
  }

  /** The service can be listened on again at once. */
  #release(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#pending?.cancel();
    this.#pending = undefined;
    closeSocket(this.#socket);
    this.#silence?.();
    this.#options.closed();
  }
}
