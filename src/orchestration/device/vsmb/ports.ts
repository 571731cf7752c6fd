import { statSync } from "node:fs";
import { notFound } from "../../../errors/shim-error.ts";
import type { VsmbManager, VsmbOptions } from "../../../vmmanager/vsmb.ts";
import type { DeviceLimits } from "../ports.ts";

export interface VsmbPorts {
  readonly uvm: VsmbManager;
  readonly limits: DeviceLimits;
  readonly files?: VsmbFiles;
}

/** What is asked of the host's file system. */
export interface VsmbFiles {
  /** Throws not-found. */
  isDirectory(path: string): boolean;
  /**
   * True where it cannot tell a file's id (Azure Files): Windows 19H1 to 20H2 asks for that to map files directly, and
   * refuses the share without it.
   */
  refusesDirectMap?(directory: string): boolean;
}

/** A directory or a single file of the host, in a Windows guest. */
export interface VsmbRequest {
  readonly hostPath: string;
  readonly readOnly: boolean;
  /** Beside the defaults of its mode, e.g. takeBackupPrivilege for a layer. */
  readonly options?: Omit<VsmbOptions, "readOnly" | "restrictFileAccess" | "singleFileMapping">;
}

export const hostVsmbFiles: VsmbFiles = {
  isDirectory(path) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) throw notFound(`${path} does not exist; cannot share it`);
    return stat.isDirectory();
  },
};
