import { unlessAborted } from "../../../errors/unless-aborted.ts";
import { HRESULT } from "../../../prot/hresult.ts";
import { koffi, loadNative, systemLibrary } from "../../../sys/windows/ffi.ts";
import type { ComputeNetwork, HcnObject } from "./compute-network.ts";
import { guidBytes } from "./guid.ts";
import { hcnError } from "./hcn-error.ts";
import { computeNetworkSignatures, taskMemorySignatures } from "./signatures.ts";

const WHAT: Record<HcnObject, string> = {
  Namespace: "network namespace",
  Endpoint: "network endpoint",
  Network: "network",
};

type Call = keyof typeof computeNetworkSignatures;
type Out = [unknown];

/**
 * The system's computenetwork.dll, or the stand-in that UVM_SHIM_COMPUTENETWORK names. Windows only: loaded with the call.
 * Throws where it or one of its functions is missing.
 */
export function openComputeNetwork(path = process.env.UVM_SHIM_COMPUTENETWORK): ComputeNetwork {
  const dll = loadNative(path ?? systemLibrary("computenetwork.dll"), computeNetworkSignatures);
  const { CoTaskMemFree } = loadNative(systemLibrary("ole32.dll"), taskMemorySignatures);
  // What a call on another thread points to has to outlive it.
  const underWay = new Set<readonly unknown[]>();

  const start = (name: Call, args: readonly unknown[]): Promise<number> =>
    new Promise((resolve, reject) => {
      underWay.add(args);
      // HNS may take seconds: never on this thread.
      dll[name].async(...args, (error, result) => {
        underWay.delete(args);
        if (error) reject(error);
        else resolve(Number(result) >>> 0);
      });
    });

  const take = ([pointer]: Out): string => {
    if (pointer === null || pointer === undefined) return "";
    try {
      return koffi().decode.string16(pointer);
    } finally {
      CoTaskMemFree(pointer);
    }
  };

  /** Some calls of HCN succeed with an error record: hcsshim counts them as failed, too. */
  const call = async <const Given extends readonly unknown[]>(name: Call, ...given: Given): Promise<Out> => {
    const out: Out = [null];
    const record: Out = [null];
    const hresult = await start(name, [...given, out, record]);
    const text = take(record);
    if (hresult === HRESULT.ok && text === "") return out;
    // A text that came all the same; handles are not given out by calls that fail.
    if (!name.startsWith("HcnOpen")) take(out);
    throw hcnError(name, hresult === HRESULT.ok ? HRESULT.fail : hresult, text);
  };

  const query = async (object: HcnObject, id: Uint8Array, document: string): Promise<string> => {
    const [handle] = await call(`HcnOpen${object}`, id);
    try {
      return take(await call(`HcnQuery${object}Properties`, handle, document));
    } finally {
      // Its result changes nothing: what was read was read.
      await start(`HcnClose${object}`, [handle]);
    }
  };

  return {
    async query(object, id, document, { signal } = {}) {
      const work = query(object, guidBytes(id, WHAT[object]), document);
      return await unlessAborted(work, signal);
    },
    async enumerate(object, document, { signal } = {}) {
      const work = call(`HcnEnumerate${object}s`, document).then(take);
      return await unlessAborted(work, signal);
    },
  };
}
