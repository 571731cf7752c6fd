import type { ErrorKind } from "../../errors/shim-error.ts";
import { bool, oneOf, type TypeOf, text, u32 } from "../json-codec.ts";
import { field, record } from "../json-record.ts";

/**
 * Archive (Add, on a container): ours. Starts the copying of a tar out of or into the container's root file system and is
 * answered at once; the tar goes over one stream that the guest dials, how it ended over another.
 */
export const archive = record({
  direction: field("Direction", oneOf(["Out", "In"], "Out")),
  path: field("Path", text),
  /** Out: of a directory its own entry alone. */
  noWalk: field("NoWalk", bool, "omitempty"),
  /** In: owners and rights as the archive has them, else root's. */
  preserveOwnership: field("PreserveOwnership", bool, "omitempty"),
  dataPort: field("DataPort", u32),
  resultPort: field("ResultPort", u32),
});
export type Archive = TypeOf<typeof archive>;

const errorKinds = [
  ...["", "canceled", "unknown", "invalid-argument", "deadline-exceeded", "not-found", "already-exists"],
  ...["permission-denied", "resource-exhausted", "failed-precondition", "aborted", "out-of-range", "unimplemented"],
  ...["internal", "unavailable", "data-loss", "unauthenticated"],
] as readonly ("" | ErrorKind)[];

/** What the result stream carries, once: an error, or an empty kind where all went well. */
export const archiveResult = record({
  kind: field("Kind", oneOf(errorKinds, "")),
  message: field("Message", text),
});
export type ArchiveResult = TypeOf<typeof archiveResult>;
