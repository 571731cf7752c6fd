import { assertNever, type ErrorKind } from "../errors/shim-error.ts";
import { HRESULT } from "./hresult.ts";

/** `not-found` has two: `process` where a process is meant, `system` where a container or any other resource is. */
export function hresultOfKind(kind: ErrorKind, missing: "process" | "system"): number {
  switch (kind) {
    case "not-found":
      return missing === "process" ? HRESULT.notFound : HRESULT.systemNotFound;
    case "already-exists":
      return HRESULT.systemAlreadyExists;
    case "invalid-argument":
      return HRESULT.invalidArg;
    case "failed-precondition":
      return HRESULT.invalidState;
    case "deadline-exceeded":
      return HRESULT.timeout;
    case "unimplemented":
      return HRESULT.notImpl;
    // hcsshim's guest says E_FAIL for the rest; its host only looks at the text, ours gets the kind back.
    case "permission-denied":
      return HRESULT.accessDenied;
    case "resource-exhausted":
      return HRESULT.outOfMemory;
    case "aborted":
      return HRESULT.abort;
    case "out-of-range":
      return HRESULT.bounds;
    case "canceled":
      return HRESULT.cancelled;
    case "unavailable":
      return HRESULT.notReady;
    case "data-loss":
      return HRESULT.crc;
    case "unauthenticated":
      return HRESULT.logonFailure;
    case "unknown":
    case "internal":
      return HRESULT.fail;
    default:
      return assertNever(kind);
  }
}

const kinds = new Map<number, ErrorKind>([
  [HRESULT.notFound, "not-found"],
  [HRESULT.systemNotFound, "not-found"],
  [HRESULT.systemAlreadyExists, "already-exists"],
  [HRESULT.invalidArg, "invalid-argument"],
  [HRESULT.invalidJson, "invalid-argument"],
  [HRESULT.invalidState, "failed-precondition"],
  [HRESULT.alreadyStopped, "failed-precondition"],
  [HRESULT.timeout, "deadline-exceeded"],
  [HRESULT.notImpl, "unimplemented"],
  [HRESULT.unknownMessage, "unimplemented"],
  [HRESULT.unsupportedProtocol, "unimplemented"],
  [HRESULT.accessDenied, "permission-denied"],
  [HRESULT.outOfMemory, "resource-exhausted"],
  [HRESULT.abort, "aborted"],
  [HRESULT.bounds, "out-of-range"],
  [HRESULT.cancelled, "canceled"],
  [HRESULT.notReady, "unavailable"],
  [HRESULT.crc, "data-loss"],
  [HRESULT.logonFailure, "unauthenticated"],
]);

/** The kind of an error that the guest answered; `internal` for E_FAIL and whatever else we don't know. */
export function kindOfHresult(hresult: number): ErrorKind {
  return kinds.get(hresult >>> 0) ?? "internal";
}
