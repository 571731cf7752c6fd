import { openComputeNetwork } from "../../src/vmmanager/host-network/hcn/compute-network-dll.ts";
import {
  type HostComputeNetwork,
  hostComputeNetwork,
} from "../../src/vmmanager/host-network/hcn/host-compute-network.ts";
import type * as linux from "./hcn.ts";

/** A host without HCN is told of by the pod that needs it, not by one that needs none. */
export const openHcn: typeof linux.openHcn = () => {
  let opened: HostComputeNetwork | undefined;
  const hcn = (): HostComputeNetwork => {
    opened ??= hostComputeNetwork(openComputeNetwork());
    return opened;
  };
  return {
    namespace: async (id, call) => hcn().namespace(id, call),
    endpoint: async (id, call) => hcn().endpoint(id, call),
  };
};
