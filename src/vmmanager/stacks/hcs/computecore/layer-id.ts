import { ShimError } from "../../../../errors/shim-error.ts";
import { HRESULT, hresultName } from "../../../../prot/hresult.ts";
import { loadNative, type NativeSignatures, systemLibrary } from "../../../../sys/windows/ffi.ts";

/** HRESULT NameToGuid(PCWSTR name, GUID *id): in no header of Windows' SDK, but what hcsshim calls. */
const signatures = { NameToGuid: ["int32", "str16", "void *"] } as const satisfies NativeSignatures;

/**
 * HCS's ids of layers by their folders' names: how it makes them is not documented, so it is asked. Of the system's
 * vmcompute.dll, or the stand-in that UVM_SHIM_VMCOMPUTE names. Windows only: loaded with the call. Throws where it is missing.
 */
export function openLayerIds(path = process.env.UVM_SHIM_VMCOMPUTE): (name: string) => string {
  const { NameToGuid } = loadNative(path ?? systemLibrary("vmcompute.dll"), signatures);
  return (name) => {
    const id = Buffer.alloc(16);
    const hresult = Number(NameToGuid(name, id)) >>> 0;
    if (hresult !== HRESULT.ok) {
      throw new ShimError(
        "internal",
        `HCS names no id of layer ${name}: NameToGuid failed with ${hresultName(hresult)}`,
      );
    }
    return textOf(id);
  };
}

/** As it lies in memory its first three parts are little-endian. */
function textOf(id: Buffer): string {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
  const head = [hex(id.readUInt32LE(0), 8), hex(id.readUInt16LE(4), 4), hex(id.readUInt16LE(6), 4)];
  return [...head, id.toString("hex", 8, 10), id.toString("hex", 10, 16)].join("-");
}
