import type { Logger } from "../../log/logger.ts";
import type { GuestListener } from "../../transport/sockets.ts";
import { type BootServices, serve } from "../boot-services.ts";
import { relayGuestLogs } from "../guest-logs.ts";

/**
 * What a Windows guest dials beside its bridge: somebody who takes its log, on WINDOWS_LOGGING_SERVICE_ID, whenever the
 * service there is restarted (WcowLogForwarding starts it).
 */
export class WcowBoot implements BootServices {
  readonly #listen: () => GuestListener;
  readonly #log: Logger;
  #listener: GuestListener | undefined;
  #closed = false;

  constructor(listen: () => GuestListener, log: Logger) {
    this.#listen = listen;
    this.#log = log;
  }

  arm(): void {
    if (this.#listener !== undefined || this.#closed) return;
    this.#listener = this.#listen();
    void serve(this.#listener, (stream) => void relayGuestLogs(stream, this.#log));
  }

  close(): void {
    this.#closed = true;
    this.#listener?.close();
  }
}
