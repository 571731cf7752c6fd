import type { NativeSignatures } from "../../../sys/windows/ffi.ts";
import type { HcnObject } from "./compute-network.ts";

const HRESULT = "int32";
const HANDLE = "void *";
const REFGUID = "void *";
const PCWSTR = "str16";
/** Where a handle or a text is put. A text is the caller's, to be freed by CoTaskMemFree. */
const OUT = "_Out_ void **";

/** HcnEnumerate<Object>s(query, ids, record), HcnOpen(id, handle, record), HcnQuery…Properties(handle, query, properties, record). */
export const computeNetworkSignatures = {
  HcnEnumerateNetworks: [HRESULT, PCWSTR, OUT, OUT],
  HcnOpenNetwork: [HRESULT, REFGUID, OUT, OUT],
  HcnQueryNetworkProperties: [HRESULT, HANDLE, PCWSTR, OUT, OUT],
  HcnCloseNetwork: [HRESULT, HANDLE],
  HcnEnumerateEndpoints: [HRESULT, PCWSTR, OUT, OUT],
  HcnOpenEndpoint: [HRESULT, REFGUID, OUT, OUT],
  HcnQueryEndpointProperties: [HRESULT, HANDLE, PCWSTR, OUT, OUT],
  HcnCloseEndpoint: [HRESULT, HANDLE],
  HcnEnumerateNamespaces: [HRESULT, PCWSTR, OUT, OUT],
  HcnOpenNamespace: [HRESULT, REFGUID, OUT, OUT],
  HcnQueryNamespaceProperties: [HRESULT, HANDLE, PCWSTR, OUT, OUT],
  HcnCloseNamespace: [HRESULT, HANDLE],
} as const satisfies NativeSignatures &
  Record<
    `HcnEnumerate${HcnObject}s` | `Hcn${"Open" | "Close"}${HcnObject}` | `HcnQuery${HcnObject}Properties`,
    unknown
  >;

export const taskMemorySignatures = { CoTaskMemFree: ["void", HANDLE] } as const satisfies NativeSignatures;
