import type { Logger } from "../log/logger.ts";
import { ENTROPY_PORT, LOG_PORT } from "../prot/protocol.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { GuestListener, HostSockets } from "../transport/sockets.ts";
import { type BootServices, serve } from "./boot-services.ts";
import { relayGuestLogs } from "./guest-logs.ts";

/** hcsshim's. */
const ENTROPY_BYTES = 512;

/**
 * What hcsshim's Linux image dials: its init wants random bytes for the kernel, its gcs somebody who takes its log, after
 * a migration once more. The boot does not depend on either (reference: hcsshim, guest: ports and boot).
 */
export class LcowBoot implements BootServices {
  readonly #log: Logger;
  #listeners: readonly GuestListener[] | undefined;
  #closed = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  arm(sockets: HostSockets): void {
    if (this.#listeners !== undefined || this.#closed) return;
    const entropy = sockets.listen(ENTROPY_PORT);
    try {
      this.#listeners = [entropy, sockets.listen(LOG_PORT)];
    } catch (error) {
      entropy.close();
      throw error;
    }
    const [, logs] = this.#listeners;
    void serve(entropy, giveEntropy);
    if (logs !== undefined) void serve(logs, (stream) => void relayGuestLogs(stream, this.#log));
  }

  close(): void {
    this.#closed = true;
    for (const listener of this.#listeners ?? []) listener.close();
  }
}

function giveEntropy(stream: ByteStream): void {
  stream.open({
    data: () => undefined,
    end: () => undefined,
    drain: () => undefined,
    close: () => undefined,
  });
  stream.write(crypto.getRandomValues(new Uint8Array(ENTROPY_BYTES)));
  stream.end();
}
