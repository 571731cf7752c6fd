import { bool, i32, optional, type TypeOf, text, u16, u32 } from "../json-codec.ts";
import { field, record } from "../json-record.ts";
import { messageBaseFields, messageResponseBaseFields } from "./base.ts";

export const containerWaitForProcess = record({
  ...messageBaseFields,
  processId: field("ProcessId", u32),
  timeoutInMs: field("TimeoutInMs", u32),
});
export type ContainerWaitForProcess = TypeOf<typeof containerWaitForProcess>;

export const containerWaitForProcessResponse = record({
  ...messageResponseBaseFields,
  exitCode: field("ExitCode", u32),
  /** Ours: how long the exit was held back for output that nobody took. Absent: not at all, or not told. */
  heldBackMs: field("HeldBackMs", u32, "omitempty"),
});
export type ContainerWaitForProcessResponse = TypeOf<typeof containerWaitForProcessResponse>;

export const signalProcessOptions = record({
  signal: field("Signal", i32),
  /** Ours (SignalAllSupported): every process of the container. */
  all: field("All", bool, "omitempty"),
});
export type SignalProcessOptions = TypeOf<typeof signalProcessOptions>;

export const containerSignalProcess = record({
  ...messageBaseFields,
  processId: field("ProcessId", u32),
  /** Absent: SIGKILL. */
  options: field("Options", optional(signalProcessOptions), "omitempty"),
});
export type ContainerSignalProcess = TypeOf<typeof containerSignalProcess>;

/** Windows guests: CtrlC, CtrlBreak, CtrlClose, CtrlLogOff or CtrlShutdown. */
export const signalProcessOptionsWcow = record({ signal: field("Signal", text, "omitempty") });
export type SignalProcessOptionsWcow = TypeOf<typeof signalProcessOptionsWcow>;

export const containerSignalProcessWcow = record({
  ...messageBaseFields,
  processId: field("ProcessId", u32),
  /** Absent: the process is terminated. */
  options: field("Options", optional(signalProcessOptionsWcow), "omitempty"),
});
export type ContainerSignalProcessWcow = TypeOf<typeof containerSignalProcessWcow>;

export const containerResizeConsole = record({
  ...messageBaseFields,
  processId: field("ProcessId", u32),
  height: field("Height", u16),
  width: field("Width", u16),
});
export type ContainerResizeConsole = TypeOf<typeof containerResizeConsole>;
