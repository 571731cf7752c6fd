import { anyObject, i32, list, optional, type TypeOf, text, u32 } from "../json-codec.ts";
import { field, record } from "../json-record.ts";

/** W3C trace context. */
export const openTelemetrySpanContext = record({
  traceparent: field("traceparent", text),
  tracestate: field("tracestate", text, "omitempty"),
});

/** What every request and the notification begins with. */
export const messageBaseFields = {
  containerId: field("ContainerId", text),
  activityId: field("ActivityId", text),
  otsc: field("otsc", optional(openTelemetrySpanContext), "omitempty"),
  /** The legacy OpenCensus span context: passed through. */
  ocsc: field("ocsc", optional(anyObject), "omitempty"),
} as const;
export const messageBase = record(messageBaseFields);
export type MessageBase = TypeOf<typeof messageBase>;

export const errorRecord = record({
  result: field("Result", i32),
  message: field("Message", text),
  stackTrace: field("StackTrace", text, "omitempty"),
  moduleName: field("ModuleName", text),
  fileName: field("FileName", text),
  line: field("Line", u32),
  functionName: field("FunctionName", text, "omitempty"),
});
export type ErrorRecord = TypeOf<typeof errorRecord>;

/** ErrorRecord.Line where the line is not known. */
export const UNKNOWN_LINE = 0xffff_ffff;

/** What every response begins with. `result` is a signed HRESULT, 0 = ok. */
export const messageResponseBaseFields = {
  result: field("Result", i32),
  activityId: field("ActivityId", text, "omitempty"),
  errorMessage: field("ErrorMessage", text, "omitempty"),
  errorRecords: field("ErrorRecords", list(errorRecord), "omitempty"),
} as const;
export const messageResponseBase = record(messageResponseBaseFields);
export type MessageResponseBase = TypeOf<typeof messageResponseBase>;
