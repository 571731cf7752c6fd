import { invalidArgument } from "../errors/shim-error.ts";

/** The server's working directory is not the client's. */
export function absolute(path: string, field: string): string {
  if (!path.startsWith("/")) {
    throw invalidArgument(`${field} has the path ${JSON.stringify(path)}; cannot use it: give an absolute one`);
  }
  return path;
}
