import type { ByteStream } from "../sys/byte-stream.ts";

/**
 * The sockets between host and guest, in the direction that protocol V4 uses them:
 * the host listens on a port, the guest dials it. Ports of V4: 0x40000000 bridge,
 * 0x40000001 upward stdio (reference: hcsshim guest, "Ports and boot").
 */
export interface HostSockets {
  /** Takes the port at once. Throws already-exists while another listener holds it. */
  listen(port: number): GuestListener;
  /** Only Hyper-V sockets: the same for a service, by its GUID, that is no port's. */
  readonly listenService?: (serviceId: string) => GuestListener;
  /**
   * Only the guest channel of a virtio-serial port: asked for each dial of a port that nobody listens on. What it answers
   * gets the connection; undefined refuses it. The last handler counts.
   */
  readonly onUnclaimed?: (handler: UnclaimedHandler) => void;
  /**
   * Only where host and guest share a kernel (`local`): the next dial of `port` receives this fd instead of a stream.
   * The fd is the transport's from now on; it closes it if nobody dials.
   */
  readonly offerFd?: (port: number, fd: number) => FdOffer;
}

/** Those of a guest on this kernel. */
export type LocalHostSockets = HostSockets & Required<Pick<HostSockets, "offerFd">>;

export type UnclaimedHandler = (port: number) => ((stream: ByteStream) => void) | undefined;

export interface GuestListener {
  readonly port: number;
  /** The next connection. Rejects when the listener closes (unavailable) or the signal aborts. */
  accept(options?: { signal?: AbortSignal }): Promise<ByteStream>;
  /** Idempotent. Accepted connections live on, waiting ones are destroyed. */
  close(): void;
}

export interface FdOffer {
  readonly port: number;
  /** Takes the offer back: closes the fd unless it was dialled. Idempotent. */
  withdraw(): void;
}

/** What the guest gets when it dials: nearly always a stream; an fd where the host offered one. */
export type GuestConnection =
  | { readonly kind: "stream"; readonly stream: ByteStream }
  | { readonly kind: "fd"; readonly fd: number };

export interface GuestSockets {
  /** Rejects with unavailable when nobody listens on the port. */
  dial(port: number, options?: { signal?: AbortSignal }): Promise<GuestConnection>;
}
