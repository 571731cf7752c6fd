import type { ByteStream } from "../sys/byte-stream.ts";
import type { GuestListener, HostSockets } from "../transport/sockets.ts";

/** What a guest dials while it boots, beside its bridge. */
export interface BootServices {
  /** To be called before the UVM starts, or the guest's dial is lost. Idempotent. */
  arm(sockets: HostSockets): void;
  /** Nobody is served any more; who is, to its end. Idempotent. */
  close(): void;
}

/** Each that dials, until the listener closes. */
export async function serve(listener: GuestListener, take: (stream: ByteStream) => void): Promise<void> {
  try {
    for (;;) take(await listener.accept());
  } catch {
    // Closed: the guest is connected no more, or never came.
  }
}
