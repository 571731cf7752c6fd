import { invalidArgument } from "../errors/shim-error.ts";

/** Ids become file names: containerd's own rule (identifiers.Validate). */
export function checkId(what: string, id: string): void {
  if (id.length <= 76 && /^[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*$/.test(id)) return;
  throw invalidArgument(`${what} id ${JSON.stringify(id)} is not valid: letters and digits, with . _ - between them`);
}
