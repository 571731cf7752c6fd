import { failedPrecondition } from "../errors/shim-error.ts";
import { RequestType } from "../prot/protocol.ts";
import { type Pod, pod } from "../prot/resources/pod.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions } from "./guest.ts";
import { modifyGuest } from "./modify.ts";

export interface GuestPod {
  /**
   * Before the first container of a pod that has no sandbox container. From then on the guest keeps namespaces for it
   * (POD_NAMESPACE). Throws failed-precondition in a guest without `podSupported`.
   */
  addPod(settings: Pod, options?: GuestCallOptions): Promise<void>;
}

export function guestPod(connection: GuestConnection): GuestPod {
  return {
    async addPod(value, options) {
      if (!connection.capabilities().podSupported) {
        throw failedPrecondition(
          "this guest keeps no namespaces for a pod without a sandbox container; run the pod with one",
        );
      }
      await modifyGuest(connection, ResourceType.pod, RequestType.add, { codec: pod, value }, options);
    },
  };
}
