/** A connected SOCKET as a byte stream of libuv's, whatever its family. */
import { Socket, type SocketConstructorOpts } from "node:net";
import { getSystemErrorName } from "node:util";
import type { ByteStream } from "../byte-stream.ts";
import { errnoNumber } from "../errno.ts";
import { adoptSocket } from "../node-sockets.ts";
import { SysError } from "../sys-error.ts";
import { closeSocket, type NativeSocket } from "./winsock.ts";

interface TcpWrap {
  readonly TCP: new (type: number) => { open(socket: number): number; close(): void };
  readonly constants: { readonly SOCKET: number };
}

/**
 * The socket is libuv's from now on, also where this throws. On Windows `open` takes a SOCKET's value, and all that libuv asks
 * of the socket after that is what any provider of Winsock's has (reference: windows 5, A).
 */
export function adoptNativeSocket(socket: NativeSocket): ByteStream {
  const { TCP, constants } = (process as unknown as { binding(name: "tcp_wrap"): TcpWrap }).binding("tcp_wrap");
  const handle = new TCP(constants.SOCKET);
  const failed = handle.open(socket);
  if (failed !== 0) {
    handle.close();
    closeSocket(socket);
    throw new SysError(errnoNumber(getSystemErrorName(failed)), "open socket");
  }
  return adoptSocket(new Socket({ handle, allowHalfOpen: true } as SocketConstructorOpts), "both");
}
