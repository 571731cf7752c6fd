/** Stream sockets by Winsock's own calls, for the address family that libuv does not know: AF_HYPERV. */
import { loadNative, systemLibrary } from "./ffi.ts";
import { encodeAddress, inetPort, type SocketAddress, type SocketFamily, socketFamilies } from "./socket-address.ts";
import { winsockError } from "./winsock-error.ts";
import { winsockConstants as c, winsockSignatures } from "./winsock-signatures.ts";

/** A SOCKET. */
export type NativeSocket = number;

const WSAECONNREFUSED = 10061;

export type Winsock = ReturnType<typeof load>;
let loaded: Winsock | undefined;

/** Loaded and started with the first call. */
export function winsock(): Winsock {
  loaded ??= load();
  return loaded;
}

function load() {
  const library = loadNative(systemLibrary("ws2_32.dll"), winsockSignatures);
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
  const socket = Number(
    winsock().WSASocketW(
      family,
      c.SOCK_STREAM,
      protocol,
      null,
      0,
      c.WSA_FLAG_OVERLAPPED | c.WSA_FLAG_NO_HANDLE_INHERIT,
    ),
  );
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
    if (address.family === "hyperv") setOption(socket, c.HV_PROTOCOL_RAW, c.HVSOCKET_CONNECT_TIMEOUT, timeoutMs);
    const bytes = encodeAddress(address);
    // The address has to stay in memory until the call is over; it is named again then.
    const [result] = await new Promise<[unknown, Uint8Array]>((resolve, reject) => {
      const over = (error: unknown, value: unknown) => (error === null ? resolve([value, bytes]) : reject(error));
      winsock().connect.async(socket, bytes, bytes.length, over);
    });
    // Why is known in the other thread alone.
    if (result !== 0) throw winsockError(WSAECONNREFUSED, "connect");
    return socket;
  } catch (error) {
    closeSocket(socket);
    throw error;
  }
}

/** A socket that a guest may keep over a pause of its VM, where this Windows has that: to be set before it is connected. */
export function keepOverSuspend(socket: NativeSocket): boolean {
  try {
    setOption(socket, c.HV_PROTOCOL_RAW, c.HVSOCKET_CONNECTED_SUSPEND, 1);
    return true;
  } catch {
    return false;
  }
}

/** Without it an accepted socket knows neither its addresses nor how to shut down. */
export function updateAcceptContext(socket: NativeSocket, listening: NativeSocket): void {
  const value = BigInt64Array.of(BigInt(listening));
  check(winsock().setsockopt(socket, c.SOL_SOCKET, c.SO_UPDATE_ACCEPT_CONTEXT, value, 8), "SO_UPDATE_ACCEPT_CONTEXT");
}

function setOption(socket: NativeSocket, level: number, name: number, value: number): void {
  check(winsock().setsockopt(socket, level, name, Int32Array.of(value), 4), "setsockopt");
}

/** Tells the peer that no more comes. */
export function shutDownSending(socket: NativeSocket): void {
  check(winsock().shutdown(socket, c.SD_SEND), "shutdown");
}

export function closeSocket(socket: NativeSocket): void {
  winsock().closesocket(socket);
}

/** For tests: all SOCKETs that this process has. */
export function openSockets(): Set<NativeSocket> {
  const found = new Set<NativeSocket>();
  for (let handle = 4; handle < 8192; handle += 4) {
    if (winsock().getsockopt(handle, c.SOL_SOCKET, c.SO_TYPE, new Int32Array(1), Int32Array.of(4)) === 0)
      found.add(handle);
  }
  return found;
}
