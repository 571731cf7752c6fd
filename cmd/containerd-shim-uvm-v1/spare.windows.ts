import { unimplemented } from "../../src/errors/shim-error.ts";
import type * as linux from "./spare.ts";

/** A spare takes over a launcher's stdio, which Windows gives to children alone. Always rejects with unimplemented. */
export const spare: typeof linux.spare = () =>
  Promise.reject(unimplemented("spare daemons are not there on Windows: leave spare_daemons out of the configuration"));
