import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { win32 } from "node:path";
import { promisify } from "node:util";
import { ShimError } from "../../../errors/shim-error.ts";
import { errorCode } from "../../../sys/sys-error.ts";

/** Files of a Windows host, and who may open them. */
export interface HostFiles {
  /** Whole or not at all. */
  copy(from: string, to: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  /** Base64; empty for a file that is not there. */
  read(path: string): Promise<string>;
  /** To the accounts of all VMs: to read a file, to do anything in a folder. */
  grantVmGroupAccess(path: string): Promise<void>;
}

/** "NT VIRTUAL MACHINE\Virtual Machines". */
const ALL_VMS = "*S-1-5-83-0";
const GRANT_MS = 30_000;

export const windowsFiles: HostFiles = {
  async copy(from, to) {
    const partial = `${to}.partial`;
    try {
      await copyFile(from, partial);
      await rename(partial, to);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  },
  makeFolder: async (path) => {
    await mkdir(path, { recursive: true });
  },
  read: (path) =>
    readFile(path, "base64").catch((cause) => {
      if (errorCode(cause) === "ENOENT") return "";
      throw new ShimError("internal", `${path} can't be read: ${ShimError.from(cause).message}`, { cause });
    }),
  async grantVmGroupAccess(path) {
    const rights = (await stat(path)).isDirectory() ? "(OI)(CI)(F)" : "(R)";
    const icacls = win32.join(process.env.SystemRoot ?? "C:\\Windows", "System32", "icacls.exe");
    try {
      await promisify(execFile)(icacls, [path, "/grant", `${ALL_VMS}:${rights}`, "/Q"], { timeout: GRANT_MS });
    } catch (cause) {
      throw new ShimError("internal", `VMs could not be let at ${path}: ${ShimError.from(cause).message}`, { cause });
    }
  },
};
