import { readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { unavailable } from "../../src/errors/shim-error.ts";
import type { ByteStream } from "../../src/sys/byte-stream.ts";
import { adoptSocket } from "../../src/sys/node-sockets.ts";
import { portService } from "../../src/transport/hvsocket/service.ts";
import { serviceFile } from "../../src/transport/hvsocket/service-space.ts";
import type { GuestSockets } from "../../src/transport/sockets.ts";

/** The loopback port that stands for a VM's service. Throws ENOENT where nobody listens on it. */
export function servicePort(directory: string, vmId: string, serviceId: string): number {
  return Number(readFileSync(serviceFile(directory, vmId, serviceId), "utf8"));
}

/** A connection to one service of the VM's host. */
export async function dialRigService(
  directory: string,
  vmId: string,
  serviceId: string,
  signal?: AbortSignal,
): Promise<ByteStream> {
  const at = { host: "127.0.0.1", port: servicePort(directory, vmId, serviceId), allowHalfOpen: true };
  const socket = createConnection({ ...at, ...(signal && { signal }) });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve();
    });
  });
  return adoptSocket(socket, "both");
}

/** What a guest's Hyper-V sockets are in the rig, for a guest in any process of this machine, Windows' or Linux's (Node). */
export function rigGuestSockets(directory: string, vmId: string): GuestSockets {
  return {
    async dial(port, { signal } = {}) {
      signal?.throwIfAborted();
      try {
        return { kind: "stream", stream: await dialRigService(directory, vmId, portService(port), signal) };
      } catch (error) {
        signal?.throwIfAborted();
        throw unavailable(`nobody listens on port ${port} of VM ${vmId}; cannot dial it`, error);
      }
    },
  };
}
