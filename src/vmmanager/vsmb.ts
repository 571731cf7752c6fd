import type { CallOptions } from "./lifetime.ts";
import type { ShareRules } from "./plan9.ts";

/** hcsshim's VSMBOptions: the share's flags, as HCS names them (VirtualSmbShareOptions). */
export interface VsmbOptions {
  readonly readOnly?: boolean;
  readonly cacheIo?: boolean;
  readonly noDirectMap?: boolean;
  readonly noLocks?: boolean;
  readonly noOplocks?: boolean;
  readonly pseudoDirnotify?: boolean;
  readonly pseudoOplocks?: boolean;
  readonly restrictFileAccess?: boolean;
  readonly shareRead?: boolean;
  readonly singleFileMapping?: boolean;
  readonly takeBackupPrivilege?: boolean;
}

/** A directory of the host in a Windows guest, by name. */
export interface VsmbShare {
  readonly name: string;
  readonly hostPath: string;
  /** Full host paths of the directory's files that the guest may see (as HCS takes them); all where it is undefined. */
  readonly allowedFiles?: readonly string[];
  readonly options?: VsmbOptions;
}

/** Virtual SMB shares, of Windows guests alone. */
export interface VsmbManager {
  readonly shareRules?: ShareRules;
  /** Throws already-exists for a taken name, not-found for a path that does not exist. */
  addVsmbShare(share: VsmbShare, options?: CallOptions): Promise<void>;
  removeVsmbShare(name: string, options?: CallOptions): Promise<void>;
}
