import type { NativeSignatures } from "./ffi.ts";

/** The calls that sockets are made of, by DLL, in koffi's types: a test holds them against mingw-w64's headers. */
export const winsockSignatures = {
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
} as const satisfies NativeSignatures;

export const mswsockSignatures = {
  AcceptEx: ["int32", "intptr_t", "intptr_t", "void *", "uint32", "uint32", "uint32", "void *", "void *"],
} as const satisfies NativeSignatures;

export const overlappedSignatures = {
  CancelIoEx: ["int32", "intptr_t", "void *"],
  CreateIoCompletionPort: ["intptr_t", "intptr_t", "intptr_t", "uint64", "uint32"],
  GetQueuedCompletionStatusEx: ["int32", "intptr_t", "void *", "uint32", "void *", "uint32", "int32"],
} as const satisfies NativeSignatures;

/** By the headers' names (winsock2.h, mswsock.h, hvsocket.h). */
export const winsockConstants = {
  SOCK_STREAM: 1,
  /** No child of ours keeps a connection open. */
  WSA_FLAG_NO_HANDLE_INHERIT: 0x80,
  WSA_FLAG_OVERLAPPED: 0x01,
  SOL_SOCKET: 0xffff,
  SO_TYPE: 0x1008,
  SO_UPDATE_ACCEPT_CONTEXT: 0x700b,
  SD_SEND: 1,
  HV_PROTOCOL_RAW: 1,
  HVSOCKET_CONNECT_TIMEOUT: 0x01,
  HVSOCKET_CONNECTED_SUSPEND: 0x04,
  ERROR_IO_PENDING: 997,
} as const;
