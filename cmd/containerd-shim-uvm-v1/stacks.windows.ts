import { checkStack } from "./check-stack.windows.ts";
import type * as linux from "./stacks.ts";

/** HCS, loaded with the first VM; see `checkStack` for those that can't be had. Throws unavailable where Windows has it off. */
export const createStack: typeof linux.createStack = async (settings, log) => {
  await checkStack(settings);
  const { createWindowsHcsStack } = await import("../../src/vmmanager/stacks/hcs/windows.ts");
  return createWindowsHcsStack(log);
};
