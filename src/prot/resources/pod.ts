import { type TypeOf, text } from "../json-codec.ts";
import { field, record } from "../json-record.ts";

/**
 * Pod (Add, on the guest): ours, gated by PodSupported. Before the pod's first container, by a host whose pod has no
 * sandbox container that would bring all this.
 */
export const pod = record({
  /** What the containers of the pod have in their annotation io.kubernetes.cri.sandbox-id. */
  id: field("Id", text),
  /** Of the pod's UTS namespace; empty: as the guest's own. */
  hostname: field("Hostname", text, "omitempty"),
  /** The pod's /etc/hosts and /etc/resolv.conf, whole. */
  hosts: field("Hosts", text, "omitempty"),
  resolvConf: field("ResolvConf", text, "omitempty"),
});
export type Pod = TypeOf<typeof pod>;

/**
 * In place of a namespace's path (which OCI wants absolute) in a container's specification: the one of that type which the
 * guest keeps for its pod, made for the first that asks.
 */
export const POD_NAMESPACE = "pod";
