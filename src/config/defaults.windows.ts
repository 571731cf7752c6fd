import { join } from "node:path";
import type * as linux from "./defaults.ts";

const own = join(process.env.ProgramData ?? "C:\\ProgramData", "uvm-shim");

export const CONFIG_PATH: typeof linux.CONFIG_PATH = join(own, "config.toml");
export const STACK: typeof linux.STACK = "hcs";
export const RUN_DIRECTORY: typeof linux.RUN_DIRECTORY = join(own, "run");
/** Where administrators alone can make pipes. */
export const SOCKET_DIRECTORY: typeof linux.SOCKET_DIRECTORY = "\\\\.\\pipe\\ProtectedPrefix\\Administrators";
export const TEMPLATE_DIRECTORY: typeof linux.TEMPLATE_DIRECTORY = join(own, "templates");
