import { anyObject, bool, i32, jsonText, list, optional, type TypeOf, text, textMap, u32 } from "../json-codec.ts";
import { field, record } from "../json-record.ts";
import { messageBaseFields, messageResponseBaseFields } from "./base.ts";

/** The ports that the guest dials for each stdio; 0 = none. */
export const executeProcessVsockStdioRelaySettings = record({
  stdIn: field("StdIn", u32, "omitempty"),
  stdOut: field("StdOut", u32, "omitempty"),
  stdErr: field("StdErr", u32, "omitempty"),
});
export type ExecuteProcessVsockStdioRelaySettings = TypeOf<typeof executeProcessVsockStdioRelaySettings>;

/** The same with hvsocket service GUIDs: Windows guests. */
export const executeProcessStdioRelaySettings = record({
  stdIn: field("StdIn", text, "omitempty"),
  stdOut: field("StdOut", text, "omitempty"),
  stdErr: field("StdErr", text, "omitempty"),
});
export type ExecuteProcessStdioRelaySettings = TypeOf<typeof executeProcessStdioRelaySettings>;

/**
 * Three cases: the init of a container (no `ociProcess`), another process of it (`ociProcess`), a process of the UVM
 * (null container id or `isExternal`: the command line members).
 */
export const processParameters = record({
  applicationName: field("ApplicationName", text, "omitempty"),
  /** Only read where `commandArgs` is empty. */
  commandLine: field("CommandLine", text, "omitempty"),
  commandArgs: field("CommandArgs", list(text), "omitempty"),
  user: field("User", text, "omitempty"),
  workingDirectory: field("WorkingDirectory", text, "omitempty"),
  environment: field("Environment", textMap, "omitempty"),
  restrictedToken: field("RestrictedToken", bool, "omitempty"),
  emulateConsole: field("EmulateConsole", bool, "omitempty"),
  createStdInPipe: field("CreateStdInPipe", bool, "omitempty"),
  createStdOutPipe: field("CreateStdOutPipe", bool, "omitempty"),
  createStdErrPipe: field("CreateStdErrPipe", bool, "omitempty"),
  /** Height, width. */
  consoleSize: field("ConsoleSize", list(i32), "omitempty"),
  useExistingLogin: field("UseExistingLogin", bool, "omitempty"),
  useLegacyConsole: field("UseLegacyConsole", bool, "omitempty"),
  isExternal: field("CreateInUtilityVM", bool, "omitempty"),
  ociSpecification: field("OciSpecification", optional(anyObject), "omitempty"),
  ociProcess: field("OciProcess", optional(anyObject), "omitempty"),
});
export type ProcessParameters = TypeOf<typeof processParameters>;

export const executeProcessSettings = record({
  processParameters: field("ProcessParameters", jsonText(processParameters)),
  stdioRelaySettings: field("StdioRelaySettings", optional(executeProcessStdioRelaySettings), "omitempty"),
  vsockStdioRelaySettings: field(
    "VsockStdioRelaySettings",
    optional(executeProcessVsockStdioRelaySettings),
    "omitempty",
  ),
});
export type ExecuteProcessSettings = TypeOf<typeof executeProcessSettings>;

export const containerExecuteProcess = record({
  ...messageBaseFields,
  settings: field("Settings", executeProcessSettings),
});
export type ContainerExecuteProcess = TypeOf<typeof containerExecuteProcess>;

export const containerExecuteProcessResponse = record({
  ...messageResponseBaseFields,
  processId: field("ProcessId", u32),
});
export type ContainerExecuteProcessResponse = TypeOf<typeof containerExecuteProcessResponse>;
