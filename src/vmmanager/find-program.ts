import { accessSync, constants } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { notFound } from "../errors/shim-error.ts";

/** The path of a program: as given, or found on PATH. Throws not-found. */
export function findProgram(name: string, mend: string): string {
  const candidates = name.includes("/")
    ? [resolve(name)]
    : (process.env.PATH ?? "").split(delimiter).map((directory) => join(directory, name));
  const found = candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (found === undefined) throw notFound(`program ${name} is not there or not executable; cannot run VMs: ${mend}`);
  return found;
}
