import { failedPrecondition } from "../../src/errors/shim-error.ts";
import type * as linux from "./check-stack.ts";

/** HCS it is: what the others need is Linux. */
export const checkStack: typeof linux.checkStack = async ({ stack }) => {
  if (stack === "hcs") return;
  throw failedPrecondition(
    `stack ${stack} is not available on Windows: set stack = "hcs" in the runtime's config file, or leave it out`,
  );
};
