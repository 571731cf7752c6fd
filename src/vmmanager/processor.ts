import type { CallOptions } from "./lifetime.ts";

/** HCS ProcessorLimits. */
export interface ProcessorLimits {
  /** Hundredths of a percent of each virtual processor, 1 to 10000. */
  readonly limit?: bigint;
  /** Against other VMs' processors, 1 to 10000. */
  readonly weight?: bigint;
  /** Hundredths of a percent that are set aside. */
  readonly reservation?: bigint;
  readonly maximumFrequencyMHz?: number;
}

export interface ProcessorManager {
  /** `id`: a GUID of a CPU group of this host. */
  setCpuGroup(id: string, options?: CallOptions): Promise<void>;
  updateCpuLimits(limits: ProcessorLimits, options?: CallOptions): Promise<void>;
}
