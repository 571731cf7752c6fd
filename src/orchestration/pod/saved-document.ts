import { isKind, notFound, ShimError } from "../../errors/shim-error.ts";
import { parseJson } from "../../oci/json.ts";
import { readSaved } from "../../vmmanager/saved-file.ts";
import { record } from "../saved-json.ts";

/**
 * One JSON document of a save. Throws not-found with what then cannot be done and how to mend it, data-loss for what is no
 * JSON object, failed-precondition where others may write.
 */
export function readSavedDocument(directory: string, path: string, missing: string): ReturnType<typeof record> {
  let document: string;
  try {
    document = readSaved(directory, path);
  } catch (cause) {
    if (cause instanceof ShimError) throw cause;
    throw notFound(`${path} cannot be read; ${missing}`, cause);
  }
  let value: unknown;
  try {
    value = parseJson(document);
  } catch (cause) {
    if (!isKind(cause, "invalid-argument")) throw cause;
    throw new ShimError("data-loss", `${path} is no JSON; save the pod again`, { cause });
  }
  return record(value, "document");
}
