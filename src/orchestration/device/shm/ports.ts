import type { Guest } from "../../../guestmanager/guest.ts";
import type { DeviceLimits } from "../ports.ts";

export interface ShmPorts {
  readonly guest: Pick<Guest, "createProcess">;
  /** Each call another. */
  readonly nextMountPath: () => string;
  readonly limits: DeviceLimits;
}

/** A tmpfs of the host that holds a pod's shared memory: in the VM it is another one, shared by the same containers. */
export interface ShmRequest {
  readonly hostPath: string;
  readonly bytes: number;
}
