/**
 * HRESULTs of the protocol, unsigned. On the wire they are signed 32-bit integers (reference: hcsshim guest, bridge server;
 * the last group: winerror.h).
 */
export const HRESULT = {
  ok: 0,
  /** E_NOTIMPL */
  notImpl: 0x8000_4001,
  /** E_FAIL */
  fail: 0x8000_4005,
  /** ERROR_NOT_FOUND */
  notFound: 0x8007_0490,
  /** E_INVALIDARG */
  invalidArg: 0x8007_0057,
  /** HCS_E_CONNECTION_TIMEOUT */
  timeout: 0xc037_0109,
  unknownMessage: 0xc037_010b,
  unsupportedProtocol: 0xc037_010c,
  invalidJson: 0xc037_010d,
  systemNotFound: 0xc037_010e,
  systemAlreadyExists: 0xc037_010f,
  alreadyStopped: 0xc037_0110,
  /** HCS_E_INVALID_STATE */
  invalidState: 0x8037_0105,

  /** E_BOUNDS */
  bounds: 0x8000_000b,
  /** E_ABORT */
  abort: 0x8000_4004,
  /** E_ACCESSDENIED */
  accessDenied: 0x8007_0005,
  /** E_OUTOFMEMORY */
  outOfMemory: 0x8007_000e,
  /** ERROR_NOT_READY */
  notReady: 0x8007_0015,
  /** ERROR_CRC */
  crc: 0x8007_0017,
  /** ERROR_CANCELLED */
  cancelled: 0x8007_04c7,
  /** ERROR_LOGON_FAILURE */
  logonFailure: 0x8007_052e,
} as const;

export function toWireHresult(hresult: number): number {
  return hresult | 0;
}

export function fromWireHresult(result: number): number {
  return result >>> 0;
}

export function hresultName(hresult: number): string {
  return `0x${(hresult >>> 0).toString(16).padStart(8, "0")}`;
}
