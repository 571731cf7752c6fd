import { alreadyExists, unavailable } from "../../errors/shim-error.ts";
import { type Logger, silentLogger } from "../../log/logger.ts";
import { errorCode } from "../../sys/sys-error.ts";
import type { GuestListener, HostSockets } from "../sockets.ts";
import { ServiceListener } from "./listener.ts";
import { chooseStreamMaker } from "./probe.ts";
import { portService } from "./service.ts";
import { type ServiceSpace, serviceSpace } from "./service-space.ts";
import type { StreamMaker } from "./stream-maker.ts";

export interface HvSocketHostOptions {
  readonly space: ServiceSpace;
  readonly maker: StreamMaker;
  readonly log?: Logger;
}

/** The host's end for one VM: a Hyper-V socket service for each port. */
export class HvSocketHost implements HostSockets {
  readonly #space: ServiceSpace;
  readonly #maker: StreamMaker;
  readonly #log: Logger;
  readonly #listeners = new Map<string, GuestListener>();
  #destroyed: Error | undefined;

  constructor({ space, maker, log = silentLogger }: HvSocketHostOptions) {
    this.#space = space;
    this.#maker = maker;
    this.#log = log;
  }

  listen(port: number): GuestListener {
    return this.listenService(portService(port), port);
  }

  /** Of a Windows guest, whose services are no ports. */
  listenService(serviceId: string, port = 0): GuestListener {
    if (this.#destroyed !== undefined) throw this.#destroyed;
    if (this.#listeners.has(serviceId)) throw taken(serviceId);
    try {
      const closed = () => void this.#listeners.delete(serviceId);
      const options = { port, serviceId, space: this.#space, maker: this.#maker, log: this.#log, closed };
      const listener = new ServiceListener(options);
      this.#listeners.set(serviceId, listener);
      return listener;
    } catch (error) {
      if (errorCode(error) === "EADDRINUSE") throw taken(serviceId, error);
      throw unavailable(`service ${serviceId} is not to be listened on: ${String(error)}`, error);
    }
  }

  /** Takes no connection any more; those that were accepted live until their guest is gone. Idempotent. */
  destroy(error: Error = unavailable("the guest channel was destroyed here")): void {
    this.#destroyed ??= error;
    for (const listener of [...this.#listeners.values()]) listener.close();
  }
}

function taken(serviceId: string, cause?: unknown): Error {
  return alreadyExists(`service ${serviceId} is taken; cannot listen: close its owner first`, cause);
}

/** Of the VM with this RuntimeId. Rejects with unavailable where this Windows has no Hyper-V sockets that work. */
export async function createHvSocketHost(options: { vmId: string; log?: Logger }): Promise<HvSocketHost> {
  const space = serviceSpace(options.vmId);
  return new HvSocketHost({ ...options, space, maker: await chooseStreamMaker(space, options.log) });
}
