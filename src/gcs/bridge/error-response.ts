import { ShimError } from "../../errors/shim-error.ts";
import { HRESULT, toWireHresult } from "../../prot/hresult.ts";
import { hresultOfKind } from "../../prot/hresult-kind.ts";
import { type ErrorRecord, UNKNOWN_LINE } from "../../prot/messages/base.ts";

/** Characters of an error's text on the wire: with the worst escaping, both copies still fit hcsshim's 64 KiB. */
const MAX_MESSAGE = 4096;

/** The members of a response base that tell an error (reference: hcsshim guest, bridge server). */
export interface ErrorResponse {
  readonly result: number;
  readonly activityId: string;
  readonly errorMessage: string;
  readonly errorRecords: readonly ErrorRecord[];
}

/** `hresult` unsigned. */
export function errorResponse(hresult: number, message: string, activityId: string): ErrorResponse {
  const result = toWireHresult(hresult);
  const shown = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}...` : message;
  return {
    result,
    activityId,
    errorMessage: shown,
    errorRecords: [
      {
        result,
        message: shown,
        stackTrace: "",
        moduleName: "gcs",
        fileName: "",
        line: UNKNOWN_LINE,
        functionName: "",
      },
    ],
  };
}

/** What a handler threw; `missing` tells what its not-found is about. */
export function responseOfThrown(thrown: unknown, missing: "process" | "system", activityId: string): ErrorResponse {
  const error = ShimError.from(thrown, "internal");
  return errorResponse(hresultOfKind(error.kind, missing), error.message, activityId);
}

/** A body that could not be read. */
export function malformedResponse(thrown: unknown): ErrorResponse {
  return errorResponse(HRESULT.invalidJson, ShimError.from(thrown).message, "");
}
