import { once } from "node:events";
import { createVsockGuestSockets, createVsockPortSockets } from "../../src/transport/vsock/guest.ts";
import type { PortSockets } from "./guest-port.ts";

/** The host's sockets over vsock: nothing has to be carried, the kernel does. Its host is reached with the first connection. */
export function createVsockChannel(port: number | "ports"): PortSockets {
  const sockets = port === "ports" ? createVsockPortSockets() : createVsockGuestSockets({ port });
  let reached = (): void => undefined;
  const established = new Promise<void>((resolve) => {
    reached = resolve;
  });
  return {
    sockets: {
      async dial(port, options) {
        const connection = await sockets.dial(port, options);
        reached();
        return connection;
      },
    },
    established,
    async serve({ signal }) {
      if (!signal.aborted) await once(signal, "abort");
    },
  };
}
