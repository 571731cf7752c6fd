import { isKind, notFound } from "../../../errors/shim-error.ts";
import { stringifyJson } from "../../../oci/json.ts";
import { asObject, list, parseAt, text } from "../../../prot/json-codec.ts";
import {
  type HostComputeEndpoint,
  type HostComputeNamespace,
  hostComputeEndpoint,
  hostComputeNamespace,
} from "../../../prot/resources/hcn.ts";
import type { CallOptions } from "../../lifetime.ts";
import type { ComputeNetwork, HcnObject } from "./compute-network.ts";

/** The networks of a Windows host (HCN), as far as a VM is brought into them: who makes them is CNI. */
export interface HostComputeNetwork {
  /** `id`: a GUID. Throws not-found, and invalid-argument for what is no GUID. */
  namespace(id: string, call?: CallOptions): Promise<HostComputeNamespace>;
  endpoint(id: string, call?: CallOptions): Promise<HostComputeEndpoint>;
  /** GUIDs. */
  namespaces(call?: CallOptions): Promise<readonly string[]>;
  endpoints(call?: CallOptions): Promise<readonly string[]>;
}

interface Reader<T> {
  decode(value: unknown, at: string): T;
}

/** HNS answers in the schema of the query. */
const QUERY = stringifyJson({ SchemaVersion: { Major: 2, Minor: 0 } });

export function hostComputeNetwork(host: ComputeNetwork): HostComputeNetwork {
  const read = async <T>(what: string, object: HcnObject, codec: Reader<T>, id: string, call?: CallOptions) => {
    const properties = await host.query(object, id, QUERY, call).catch((cause) => {
      throw isKind(cause, "not-found") ? notFound(`${what} ${id} does not exist`, cause) : cause;
    });
    return codec.decode(parseAt(properties, `${what} ${id}`), `${what} ${id}`);
  };
  const ids = async (object: HcnObject, call?: CallOptions): Promise<readonly string[]> => {
    const at = `HcnEnumerate${object}s`;
    return list(text).decode(parseAt(await host.enumerate(object, QUERY, call), at), at);
  };
  return {
    namespace: (id, call) => read("network namespace", "Namespace", hostComputeNamespace, id, call),
    endpoint: (id, call) => read("network endpoint", "Endpoint", hostComputeEndpoint, id, call),
    namespaces: (call) => ids("Namespace", call),
    endpoints: (call) => ids("Endpoint", call),
  };
}

/** GUIDs of the endpoints in a namespace, in HCN's order. */
export function endpointIds({ id, resources }: HostComputeNamespace): readonly string[] {
  return resources
    .filter(({ type }) => type === "Endpoint")
    .map(({ data }, index) => {
      const at = `network namespace ${id}: endpoint ${index}`;
      return text.decode(asObject(data, at).ID, `${at}.ID`);
    });
}
