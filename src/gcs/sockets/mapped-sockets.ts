import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { alreadyExists, notFound } from "../../errors/shim-error.ts";
import { RequestType } from "../../prot/protocol.ts";
import { type MappedSocket, mappedSocket } from "../../prot/resources/mapped-socket.ts";
import { ResourceType } from "../../prot/resources/resource-type.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import type { Runtime, SocketServer } from "../../sys/runtime.ts";
import type { GuestSockets } from "../../transport/sockets.ts";
import { splice } from "../../transport/splice.ts";
import { guestPath } from "../guest-path.ts";

/** Of all of them together: each takes one of the guest channel's, which the stdio of processes needs too. */
const MAX_CONNECTIONS = 128;

interface Mapped {
  readonly server: SocketServer;
  readonly streams: Set<ByteStream>;
}

/** ModifySettings of MappedSocket (ours, docs/gcs-protocol.md). */
export function socketResources(runtime: Pick<Runtime, "listen" | "adopt">, sockets: GuestSockets) {
  const mapped = new MappedSockets(runtime, sockets);
  return {
    [ResourceType.mappedSocket]: {
      [RequestType.add]: (value: unknown) => mapped.add(mappedSocket.decode(value, "MappedSocket")),
      [RequestType.remove]: (value: unknown) => mapped.remove(mappedSocket.decode(value, "MappedSocket")),
    },
  };
}

/** Sockets of the host, as sockets of this guest: a connection here is one more dial of the host's port. */
class MappedSockets {
  readonly #runtime: Pick<Runtime, "listen" | "adopt">;
  readonly #sockets: GuestSockets;
  readonly #mapped = new Map<string, Mapped>();
  #connections = 0;

  constructor(runtime: Pick<Runtime, "listen" | "adopt">, sockets: GuestSockets) {
    this.#runtime = runtime;
    this.#sockets = sockets;
  }

  async add({ path: given, port, mode, uid, gid }: MappedSocket): Promise<void> {
    const path = guestPath(given, "MappedSocket.Path");
    if (this.#mapped.has(path)) throw alreadyExists(`socket ${path} is mapped already; cannot add it`);
    mkdirSync(dirname(path), { recursive: true });
    const streams = new Set<ByteStream>();
    const server = await this.#runtime.listen({ path }, (stream) => void this.#join(stream, port, streams));
    this.#mapped.set(path, { server, streams });
    // No container has the path before the answer.
    chownSync(path, uid, gid);
    chmodSync(path, mode & 0o777);
  }

  remove({ path: given }: MappedSocket): void {
    const path = guestPath(given, "MappedSocket.Path");
    const mapped = this.#mapped.get(path);
    if (mapped === undefined) throw notFound(`socket ${path} is not mapped; cannot remove it`);
    this.#mapped.delete(path);
    mapped.server.close();
    for (const stream of mapped.streams) stream.destroy();
  }

  async #join(stream: ByteStream, port: number, streams: Set<ByteStream>): Promise<void> {
    if (this.#connections >= MAX_CONNECTIONS) return stream.destroy();
    this.#connections += 1;
    streams.add(stream);
    try {
      const host = await this.#sockets.dial(port);
      await splice(stream, host.kind === "stream" ? host.stream : this.#runtime.adopt(host.fd, "socket"));
    } catch {
      // The host has taken it back; whoever connected sees the end of the stream.
      stream.destroy();
    } finally {
      streams.delete(stream);
      this.#connections -= 1;
    }
  }
}
