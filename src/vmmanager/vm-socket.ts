import type { CallOptions } from "./lifetime.ts";

/** Who may use a Hyper-V socket service of the VM (HCS HvSocketServiceConfig). */
export interface SocketServiceConfig {
  /** SDDL. */
  readonly bindSecurityDescriptor?: string;
  readonly connectSecurityDescriptor?: string;
  readonly allowWildcardBinds?: boolean;
  readonly disabled?: boolean;
}

/** The VM's table of Hyper-V socket services. Listening and dialling are `UtilityVM.sockets`'. */
export interface VmSocketManager {
  /** `serviceId`: a GUID; a vsock port P is PPPPPPPP-facb-11e6-bd58-64006a7986d3. */
  updateSocketService(serviceId: string, config: SocketServiceConfig, options?: CallOptions): Promise<void>;
  removeSocketService(serviceId: string, options?: CallOptions): Promise<void>;
}
