import { readdirSync } from "node:fs";
import { errorCode } from "./sys-error.ts";

/** The names in a directory; none where there is no such directory. Throws what readdir(3) says of any other. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}
