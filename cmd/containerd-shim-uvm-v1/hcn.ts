import { unimplemented } from "../../src/errors/shim-error.ts";
import type { HostComputeNetwork } from "../../src/vmmanager/host-network/hcn/host-compute-network.ts";

/** The networks of a Windows host. Loads nothing before it is asked. */
export function openHcn(): Pick<HostComputeNetwork, "namespace" | "endpoint"> {
  const none = async (): Promise<never> => {
    throw unimplemented("this host has no HCN; cannot join one of its namespaces: it is Windows'");
  };
  return { namespace: none, endpoint: none };
}
