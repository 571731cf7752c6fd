import type { Logger } from "../../log/logger.ts";
import { WINDOWS_LOGGING_SERVICE_ID } from "../../prot/hvsocket.ts";
import type { GuestListener, HostSockets } from "../../transport/sockets.ts";
import { type BootServices, serve } from "../boot-services.ts";
import { relayGuestLogs } from "../guest-logs.ts";

/**
 * What a Windows guest dials beside its bridge: somebody who takes its log, on WINDOWS_LOGGING_SERVICE_ID, whenever the
 * service there is restarted (WcowLogForwarding starts it).
 */
export class WcowBoot implements BootServices {
  readonly #log: Logger;
  #listener: GuestListener | undefined;
  #closed = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Sockets that know ports alone are no Windows guest's own: nobody dials this service there. */
  arm(sockets: HostSockets): void {
    if (this.#listener !== undefined || this.#closed) return;
    this.#listener = sockets.listenService?.(WINDOWS_LOGGING_SERVICE_ID);
    if (this.#listener !== undefined) void serve(this.#listener, (stream) => void relayGuestLogs(stream, this.#log));
  }

  close(): void {
    this.#closed = true;
    this.#listener?.close();
  }
}
