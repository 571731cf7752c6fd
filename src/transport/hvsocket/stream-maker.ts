import type { ByteStream } from "../../sys/byte-stream.ts";
import { adoptNativeSocket } from "../../sys/windows/adopted-socket.ts";
import { streamNativeSocket } from "../../sys/windows/overlapped-stream.ts";
import type { NativeSocket } from "../../sys/windows/winsock.ts";

/**
 * What makes a stream of a connected socket, the better first: libuv itself, to which the socket is given; or overlapped
 * operations of ours, which want less of the socket's provider.
 */
export const streamMakers = {
  adopted: adoptNativeSocket,
  overlapped: streamNativeSocket,
} as const satisfies Record<string, (socket: NativeSocket) => ByteStream>;

export type StreamMaker = keyof typeof streamMakers;
