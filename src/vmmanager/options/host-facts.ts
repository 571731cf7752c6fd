import { win32 } from "node:path";

/** Builds of Windows from which on something is there (osversion). */
export const Build = {
  RS5: 17763,
  KernelDirect: 18286,
  V19H1: 18362,
  ColdDiscardHint: 18967,
  V20H2: 19042,
  CpuGroups: 19043,
  Numa: 26100,
} as const;

/** What the options of a VM depend on at its host; gathered before, so that the options are pure. */
export interface HostFacts {
  readonly build: number;
  readonly architecture: "amd64" | "arm64";
  /** As HCS counts them: not all are seen by this process. */
  readonly logicalProcessors: number;
  /** Of the shim's executable. */
  readonly shimFolder: string;
  /** %ProgramFiles%. */
  readonly programFiles: string;
  /** Relative paths start here. */
  readonly workingFolder: string;
  readonly files: { has(path: string): boolean };
  readonly folders: { has(path: string): boolean };
}

/** As Go's filepath.Abs: absolute, without "." and "..", without a separator at its end. */
export function absolute(path: string, { workingFolder }: HostFacts): string {
  const full = win32.isAbsolute(path) ? win32.normalize(path) : win32.join(workingFolder, path);
  return full.length > win32.parse(full).root.length ? full.replace(/\\+$/, "") : full;
}
