import { invalidArgument } from "../errors/shim-error.ts";

/** A path that the host named, without a slash at its end. Throws invalid-argument unless it is absolute and has no NUL, "." or ".." parts. */
export function guestPath(path: string, at: string): string {
  const parts = path.split("/");
  if (!path.startsWith("/") || path.includes("\0") || parts.includes("..") || parts.includes(".")) {
    throw invalidArgument(`${at} is ${JSON.stringify(path)}; wanted an absolute path without "." or ".." parts`);
  }
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}
