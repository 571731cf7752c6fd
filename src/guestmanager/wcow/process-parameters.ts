import type { SpecProcess } from "../../oci/spec.ts";
import { escapeArgs } from "./command-line.ts";

/** The user that commands in the VM itself run as. */
export const WCOW_SYSTEM_USER = "NT AUTHORITY\\SYSTEM";

/** Members of ProcessParameters that an OCI process says. */
export interface WcowProcessParameters {
  readonly commandLine: string;
  readonly user: string;
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly emulateConsole: boolean;
  /** Height, width. */
  readonly consoleSize?: readonly number[];
}

/**
 * A process of a Windows container, which gets no OCI process from its host (reference: hcsshim's Cmd.Start). A variable
 * without a value is left out: in Windows there is none.
 */
export function wcowProcessParameters(process: Partial<SpecProcess>): WcowProcessParameters {
  const { args = [], cwd = "", env = [], user = {}, terminal = false, consoleSize, commandLine } = process;
  const variables = env.flatMap((entry) => {
    const [, name, value] = /^([^=]*)=(.+)$/s.exec(entry) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return {
    commandLine: typeof commandLine === "string" && commandLine !== "" ? commandLine : escapeArgs(args),
    user: typeof user.username === "string" ? user.username : "",
    workingDirectory: cwd,
    environment: Object.fromEntries(variables),
    emulateConsole: terminal,
    ...(consoleSize && { consoleSize: [consoleSize.height, consoleSize.width] }),
  };
}
