import { boot } from "../../config/annotations/vm-boot.ts";
import { invalidArgument } from "../../errors/shim-error.ts";
import type { AnnotationReader } from "./annotation-reader.ts";

/** The pipe of the serial console, if there is one. Throws invalid-argument for one that is no named pipe. */
export function readConsolePipe(read: AnnotationReader): { readonly consolePipe?: string } {
  const consolePipe = read.text(boot.consolePipe);
  if (consolePipe === "") return {};
  if (consolePipe.startsWith("\\\\.\\pipe\\")) return { consolePipe };
  throw invalidArgument(`console pipe ${JSON.stringify(consolePipe)} is no named pipe: it starts with \\\\.\\pipe\\`);
}
