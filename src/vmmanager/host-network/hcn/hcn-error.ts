import { type ErrorKind, ShimError } from "../../../errors/shim-error.ts";
import { hresultName } from "../../../prot/hresult.ts";
import { kindOfHresult } from "../../../prot/hresult-kind.ts";

/** HCN_E_* of winerror.h, unsigned, where they say more than that something failed. */
const kinds = new Map<number, ErrorKind>([
  // Network, endpoint, layer, switch, subnet, adapter, port, policy, port setting.
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((code) => [0x803b_0000 + code, "not-found"] as const),
  // A network, its type, an endpoint, a policy, its type, an operation on an endpoint of another host.
  ...[0xa, 0xb, 0xc, 0xd, 0xe, 0xf].map((code) => [0x803b_0000 + code, "invalid-argument"] as const),
  // A network, a layer, a policy, a port; an endpoint that is attached.
  ...[0x10, 0x11, 0x12, 0x13, 0x14].map((code) => [0x803b_0000 + code, "already-exists"] as const),
  // HCN_E_REQUEST_UNSUPPORTED, HCN_E_MAPPING_NOT_SUPPORTED
  [0x803b_0015, "unimplemented"],
  [0x803b_0016, "unimplemented"],
  // HCN_E_INVALID_JSON, HCN_E_INVALID_JSON_REFERENCE, HCN_E_INVALID_IP
  [0x803b_001b, "invalid-argument"],
  [0x803b_001c, "invalid-argument"],
  [0x803b_001e, "invalid-argument"],
  // HCN_E_MANAGER_STOPPED, and what RPC says of a service that is not there.
  [0x803b_0020, "unavailable"],
  [0x8007_06ba, "unavailable"],
  [0x8007_06bb, "unavailable"],
  // HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS
  [0x803b_002b, "already-exists"],
  // HCN_E_ENTITY_HAS_REFERENCES
  [0x803b_002c, "failed-precondition"],
]);

/**
 * A call of computenetwork.dll that failed. `record` is its error record, JSON with the text in `Error`; where it is none,
 * it is the text.
 */
export function hcnError(call: string, hresult: number, record: string): ShimError {
  const code = hresult >>> 0;
  const text = errorText(record).trim();
  const kind = kinds.get(code) ?? kindOfHresult(code);
  return new ShimError(kind, `${call}: ${text === "" ? "failed" : text} (${hresultName(code)})`);
}

function errorText(record: string): string {
  try {
    const value: unknown = JSON.parse(record);
    const text: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "Error") : undefined;
    return typeof text === "string" ? text : record;
  } catch {
    return record;
  }
}
