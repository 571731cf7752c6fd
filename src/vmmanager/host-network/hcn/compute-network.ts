import type { CallOptions } from "../../lifetime.ts";

export type HcnObject = "Namespace" | "Endpoint" | "Network";

/**
 * computenetwork.dll as far as a shim reads it: documents in and out are JSON text. Throws ShimErrors whose kind comes of
 * the HRESULT and whose text is the error record's. An aborted signal ends the wait for a call, never the call: HNS has it.
 */
export interface ComputeNetwork {
  /** Hcn{Open,Query…Properties,Close}: the handle is closed whatever comes. `id`: a GUID. Throws not-found. */
  query(object: HcnObject, id: string, query: string, options?: CallOptions): Promise<string>;
  /** HcnEnumerate…: a JSON array of GUIDs. */
  enumerate(object: HcnObject, query: string, options?: CallOptions): Promise<string>;
}
