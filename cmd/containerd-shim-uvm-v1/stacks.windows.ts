import { failedPrecondition } from "../../src/errors/shim-error.ts";
import { checkStack } from "./check-stack.windows.ts";
import type * as linux from "./stacks.ts";

/** See `checkStack` for those that can't be had. */
export const createStack: typeof linux.createStack = async (settings) => {
  checkStack(settings);
  throw failedPrecondition("stack hcs is not available in this build");
};
