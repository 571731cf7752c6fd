import { type ErrorKind, ShimError } from "../../../../errors/shim-error.ts";
import { i32, list, parseAt, text } from "../../../../prot/json-codec.ts";
import { field, record } from "../../../../prot/json-record.ts";

/** HCS's own facility; vmcompute.dll's errors are 0xC037xxxx with the same numbers. */
const HCS = 0x8037;
const LEGACY = 0xc037;
const WIN32 = 0x8007;

/** Of the low halves of HCS's HRESULTs (reference: windows, "HRESULTs"); the rest is internal. */
const hcsKinds: ReadonlyMap<number, ErrorKind> = new Map([
  [0x0100, "unavailable"], // HCS_E_TERMINATED_DURING_START
  [0x0101, "failed-precondition"], // HCS_E_IMAGE_MISMATCH
  [0x0102, "failed-precondition"], // HCS_E_HYPERV_NOT_INSTALLED
  [0x0105, "failed-precondition"], // HCS_E_INVALID_STATE
  [0x0106, "unavailable"], // HCS_E_UNEXPECTED_EXIT
  [0x0107, "unavailable"], // HCS_E_TERMINATED
  [0x0108, "unavailable"], // HCS_E_CONNECT_FAILED
  [0x0109, "deadline-exceeded"], // HCS_E_CONNECTION_TIMEOUT
  [0x010a, "unavailable"], // HCS_E_CONNECTION_CLOSED
  [0x010b, "unimplemented"], // HCS_E_UNKNOWN_MESSAGE
  [0x010c, "unimplemented"], // HCS_E_UNSUPPORTED_PROTOCOL_VERSION
  [0x010d, "invalid-argument"], // HCS_E_INVALID_JSON
  [0x010e, "not-found"], // HCS_E_SYSTEM_NOT_FOUND
  [0x010f, "already-exists"], // HCS_E_SYSTEM_ALREADY_EXISTS
  [0x0110, "failed-precondition"], // HCS_E_SYSTEM_ALREADY_STOPPED
  [0x0112, "invalid-argument"], // HCS_E_INVALID_LAYER
  [0x0113, "failed-precondition"], // HCS_E_WINDOWS_INSIDER_REQUIRED
  [0x0114, "unavailable"], // HCS_E_SERVICE_NOT_AVAILABLE
  [0x0118, "deadline-exceeded"], // HCS_E_OPERATION_TIMEOUT
  [0x011b, "permission-denied"], // HCS_E_ACCESS_DENIED
  [0x011e, "unavailable"], // HCS_E_SERVICE_DISCONNECT
  [0x011f, "failed-precondition"], // HCS_E_PROCESS_ALREADY_STOPPED
] as const);

const win32Kinds: ReadonlyMap<number, ErrorKind> = new Map([
  [2, "not-found"], // ERROR_FILE_NOT_FOUND
  [3, "not-found"], // ERROR_PATH_NOT_FOUND
  [5, "permission-denied"], // ERROR_ACCESS_DENIED
  [13, "invalid-argument"], // ERROR_INVALID_DATA
  [14, "resource-exhausted"], // ERROR_OUTOFMEMORY
  [50, "unimplemented"], // ERROR_NOT_SUPPORTED
  [80, "already-exists"], // ERROR_FILE_EXISTS
  [87, "invalid-argument"], // ERROR_INVALID_PARAMETER
  [112, "resource-exhausted"], // ERROR_DISK_FULL
  [183, "already-exists"], // ERROR_ALREADY_EXISTS
  [1168, "not-found"], // ERROR_NOT_FOUND
  [1450, "resource-exhausted"], // ERROR_NO_SYSTEM_RESOURCES
] as const);

/** What terminating a system that has ended, or ends, may be answered. */
const alreadyGone = new Set([
  0x8037_0110, 0xc037_0110, 0x8037_010e, 0xc037_010e, 0x8037_0107, 0xc037_0103, 0x8007_0490,
]);

const resultError = record({
  error: field("Error", i32),
  errorMessage: field("ErrorMessage", text),
  errorEvents: field(
    "ErrorEvents",
    list(record({ message: field("Message", text), provider: field("Provider", text) })),
  ),
});

/** A call of computecore.dll that failed. */
export class HcsError extends ShimError {
  /** Unsigned. */
  readonly hresult: number;

  /** `document`: the result document, of which nothing is taken for granted; empty where there is none. */
  constructor(call: string, hresult: number, document = "") {
    const code = hresult >>> 0;
    const told = tell(document);
    super(kindOfHresult(code), `${call} failed with 0x${code.toString(16).padStart(8, "0")}${told && `: ${told}`}`);
    this.hresult = code;
  }
}

export function kindOfHresult(hresult: number): ErrorKind {
  const code = hresult >>> 0;
  const [facility, number] = [code >>> 16, code & 0xffff];
  if (code === 0x8000_4001) return "unimplemented"; // E_NOTIMPL
  if (facility === HCS || facility === LEGACY) return hcsKinds.get(number) ?? "internal";
  return facility === WIN32 ? (win32Kinds.get(number) ?? "internal") : "internal";
}

/** The system has ended, or was never there: what was to be ended has ended. */
export function isAlreadyGone(error: unknown): boolean {
  return error instanceof HcsError && alreadyGone.has(error.hresult);
}

/** What any other call is answered of a system that has ended: all it had is gone (hcsshim's IsVMNotAvailableError). */
export function isNotRunning(error: unknown): boolean {
  if (!(error instanceof HcsError)) return false;
  const [facility, number] = [error.hresult >>> 16, error.hresult & 0xffff];
  return (facility === HCS || facility === LEGACY) && [0x0105, 0x010e, 0x0110].includes(number);
}

/** ResultError for people; a document that is none is shown as it is. */
function tell(document: string): string {
  if (document === "") return "";
  try {
    const { errorMessage, errorEvents } = resultError.decode(parseAt(document, "result"), "result");
    return [errorMessage, ...errorEvents.map(({ message }) => message)].filter(Boolean).join("; ");
  } catch {
    return document.slice(0, 1000);
  }
}
