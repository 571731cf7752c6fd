/** Stream sockets by Winsock's own calls, for the address family that libuv does not know: AF_HYPERV. */
import { loadNative, systemLibrary } from "./ffi.ts";
import { encodeAddress, inetPort, type SocketAddress, type SocketFamily, socketFamilies } from "./socket-address.ts";
import { winsockError } from "./winsock-error.ts";

/** A SOCKET. */
export type NativeSocket = number;

const SOCK_STREAM = 1;
/** WSA_FLAG_OVERLAPPED, WSA_FLAG_NO_HANDLE_INHERIT: no child of ours keeps a connection open. */
const SOCKET_FLAGS = 0x01 | 0x80;
const SOL_SOCKET = 0xffff;
const SO_TYPE = 0x1008;
const SO_UPDATE_ACCEPT_CONTEXT = 0x700b;
/** Options of hvsocket.h, at the level of its protocol. */
const HV_PROTOCOL_RAW = 1;
const HVSOCKET_CONNECT_TIMEOUT = 0x01;
const HVSOCKET_CONNECTED_SUSPEND = 0x04;
const SD_SEND = 1;
const CONNECTION_REFUSED = 10061;

export type Winsock = ReturnType<typeof load>;
let loaded: Winsock | undefined;

/** Loaded and started with the first call. */
export function winsock(): Winsock {
  loaded ??= load();
  return loaded;
}

function load() {
  const library = loadNative(systemLibrary("ws2_32.dll"), {
    WSAStartup: ["int32", "uint16", "void *"],
    WSAGetLastError: ["int32"],
    WSASocketW: ["intptr_t", "int32", "int32", "int32", "void *", "uint32", "uint32"],
    bind: ["int32", "intptr_t", "void *", "int32"],
    listen: ["int32", "intptr_t", "int32"],
    connect: ["int32", "intptr_t", "void *", "int32"],
    getsockname: ["int32", "intptr_t", "void *", "void *"],
    getsockopt: ["int32", "intptr_t", "int32", "int32", "void *", "void *"],
    setsockopt: ["int32", "intptr_t", "int32", "int32", "void *", "int32"],
    shutdown: ["int32", "intptr_t", "int32"],
    closesocket: ["int32", "intptr_t"],
    WSARecv: ["int32", "intptr_t", "void *", "uint32", "void *", "void *", "void *", "void *"],
    WSASend: ["int32", "intptr_t", "void *", "uint32", "void *", "uint32", "void *", "void *"],
    WSAGetOverlappedResult: ["int32", "intptr_t", "void *", "void *", "int32", "void *"],
  });
  const failed = Number(library.WSAStartup(0x0202, new Uint8Array(512)));
  if (failed !== 0) throw winsockError(failed, "WSAStartup");
  return library;
}

/** Of the call right before. */
export function lastError(): number {
  return Number(winsock().WSAGetLastError());
}

function check(result: unknown, call: string): void {
  if (result !== 0) throw winsockError(lastError(), call);
}

export function createSocket(of: SocketFamily): NativeSocket {
  const { family, protocol } = socketFamilies[of];
  const socket = Number(winsock().WSASocketW(family, SOCK_STREAM, protocol, null, 0, SOCKET_FLAGS));
  if (socket === -1) throw winsockError(lastError(), `socket ${of}`);
  return socket;
}

/** A socket that listens on the address; of `inet`, port 0 is any. */
export function listenOn(address: SocketAddress, backlog: number): { socket: NativeSocket; port: number } {
  const socket = createSocket(address.family);
  try {
    const bytes = encodeAddress(address);
    check(winsock().bind(socket, bytes, bytes.length), "bind");
    check(winsock().listen(socket, backlog), "listen");
    check(winsock().getsockname(socket, bytes, Int32Array.of(bytes.length)), "getsockname");
    return { socket, port: address.family === "inet" ? inetPort(bytes) : 0 };
  } catch (error) {
    closeSocket(socket);
    throw error;
  }
}

/** Waits on a thread of libuv's pool, `timeoutMs` at most where the family can be told so. */
export async function connectTo(address: SocketAddress, timeoutMs: number): Promise<NativeSocket> {
  const socket = createSocket(address.family);
  try {
    if (address.family === "hyperv") setOption(socket, HV_PROTOCOL_RAW, HVSOCKET_CONNECT_TIMEOUT, timeoutMs);
    const bytes = encodeAddress(address);
    // The address has to stay in memory until the call is over; it is named again then.
    const [result] = await new Promise<[unknown, Uint8Array]>((resolve, reject) => {
      const over = (error: unknown, value: unknown) => (error === null ? resolve([value, bytes]) : reject(error));
      winsock().connect.async(socket, bytes, bytes.length, over);
    });
    // Why is known in the other thread alone.
    if (result !== 0) throw winsockError(CONNECTION_REFUSED, "connect");
    return socket;
  } catch (error) {
    closeSocket(socket);
    throw error;
  }
}

/** A socket that a guest may keep over a pause of its VM, where this Windows has that: to be set before it is connected. */
export function keepOverSuspend(socket: NativeSocket): boolean {
  try {
    setOption(socket, HV_PROTOCOL_RAW, HVSOCKET_CONNECTED_SUSPEND, 1);
    return true;
  } catch {
    return false;
  }
}

/** Without it an accepted socket knows neither its addresses nor how to shut down. */
export function updateAcceptContext(socket: NativeSocket, listening: NativeSocket): void {
  const value = BigInt64Array.of(BigInt(listening));
  check(winsock().setsockopt(socket, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, value, 8), "SO_UPDATE_ACCEPT_CONTEXT");
}

function setOption(socket: NativeSocket, level: number, name: number, value: number): void {
  check(winsock().setsockopt(socket, level, name, Int32Array.of(value), 4), "setsockopt");
}

/** Tells the peer that no more comes. */
export function shutDownSending(socket: NativeSocket): void {
  check(winsock().shutdown(socket, SD_SEND), "shutdown");
}

export function closeSocket(socket: NativeSocket): void {
  winsock().closesocket(socket);
}

/** For tests: all SOCKETs that this process has. */
export function openSockets(): Set<NativeSocket> {
  const found = new Set<NativeSocket>();
  for (let handle = 4; handle < 8192; handle += 4) {
    if (winsock().getsockopt(handle, SOL_SOCKET, SO_TYPE, new Int32Array(1), Int32Array.of(4)) === 0) found.add(handle);
  }
  return found;
}
