/** True for the errors of a file or directory that went away while it was read (ENODEV: a removed cgroup's open file). */
export function missingFile(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === "ENOENT" || error.code === "ENODEV" || error.code === "ENOTDIR";
}
