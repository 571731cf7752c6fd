import { FIRST_SOCKET_PORT } from "../../../prot/protocol.ts";
import type { ByteStream } from "../../../sys/byte-stream.ts";
import type { GuestListener } from "../../../transport/sockets.ts";
import { splice } from "../../../transport/splice.ts";
import { bounded } from "../../deadline.ts";
import { type Mapping, reserveMapping } from "../mapping.ts";
import { SharedDevice } from "../shared-device.ts";
import { hostUnixSockets, type SocketPorts, type SocketRequest } from "./ports.ts";

interface MappedSocket {
  readonly device: SharedDevice;
  readonly guestPath: string;
}

/**
 * Unix sockets of the host in one VM: its kernel cannot reach them, so the guest has a socket of its own for each, and
 * dials the host for every connection to it. The guest names a port, never a path: it reaches what it was given, no more.
 */
export class SocketController {
  readonly #ports: SocketPorts;
  readonly #sockets = new Map<string, MappedSocket>();
  #nextPort = FIRST_SOCKET_PORT;
  #held = 0;

  constructor(ports: SocketPorts) {
    this.#ports = ports;
  }

  /** Bookkeeping only. */
  reserve({ hostPath }: SocketRequest): Mapping {
    const socket = this.#sockets.get(hostPath) ?? this.#socket(hostPath);
    return reserveMapping(socket.device, { what: `socket ${hostPath}`, guestPath: socket.guestPath });
  }

  /** For reports, saves and tests. */
  get held(): number {
    return this.#held;
  }

  #socket(hostPath: string): MappedSocket {
    const { uvm, guest, limits, nextMountPath, host = hostUnixSockets } = this.#ports;
    const guestPath = nextMountPath();
    const port = this.#nextPort++;
    const what = `socket ${hostPath} on ${guestPath}`;
    let listener: GuestListener | undefined;
    let over = new AbortController();
    const close = (): void => {
      over.abort();
      listener?.close();
      listener = undefined;
    };
    const device = new SharedDevice(
      what,
      {
        map: async () => {
          const access = host.access(hostPath);
          over = new AbortController();
          listener = uvm.sockets.listen(port);
          void this.#serve(listener, hostPath, over.signal);
          const settings = { path: guestPath, port, ...access };
          await bounded(limits.guest, `adding ${what}`, (o) => guest.addMappedSocket(settings, o));
        },
        unmap: async () => {
          close();
          await bounded(limits.guest, `removing ${what}`, (o) => guest.removeMappedSocket({ path: guestPath }, o));
        },
      },
      {
        onLeave: () => this.#sockets.get(hostPath)?.device === device && this.#sockets.delete(hostPath),
        onGone: () => {
          this.#held -= 1;
        },
      },
    );
    const socket = { device, guestPath };
    this.#held += 1;
    this.#sockets.set(hostPath, socket);
    return socket;
  }

  /** Until the listener closes, with the device or with the VM. */
  async #serve(listener: GuestListener, hostPath: string, signal: AbortSignal): Promise<void> {
    try {
      for (;;) void this.#join(await listener.accept(), hostPath, signal);
    } catch {
      listener.close();
    }
  }

  async #join(fromGuest: ByteStream, hostPath: string, signal: AbortSignal): Promise<void> {
    const { host = hostUnixSockets } = this.#ports;
    const cut = (): void => fromGuest.destroy();
    signal.addEventListener("abort", cut);
    try {
      await splice(fromGuest, await host.connect(hostPath, { signal }));
    } catch {
      // Nobody listens there any more: the container sees its connection end.
      fromGuest.destroy();
    } finally {
      signal.removeEventListener("abort", cut);
    }
  }
}
