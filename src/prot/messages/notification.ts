import { i32, oneOf, type TypeOf, text } from "../json-codec.ts";
import { field, record } from "../json-record.ts";
import { messageBaseFields } from "./base.ts";

export const notificationTypes = [
  "None",
  "GracefulExit",
  "ForcedExit",
  "UnexpectedExit",
  "Reboot",
  "Constructed",
  "Started",
  "Paused",
  "Unknown",
  // Ours: told only to a host that has asked for it (OutOfMemoryNotifications), as hcsshim's takes any for an exit.
  "OutOfMemory",
] as const;
export type NotificationType = (typeof notificationTypes)[number];

export const activeOperations = ["None", "Construct", "Start", "Pause", "Resume", "Shutdown", "Terminate"] as const;
export type ActiveOperation = (typeof activeOperations)[number];

/** Guest to host, sequence id 0. In V4 only container exits are told; and, to our host, OutOfMemory. */
export const containerNotification = record({
  ...messageBaseFields,
  type: field("Type", oneOf(notificationTypes, "None")),
  operation: field("Operation", oneOf(activeOperations, "None")),
  result: field("Result", i32),
  resultInfo: field("ResultInfo", text, "omitempty"),
});
export type ContainerNotification = TypeOf<typeof containerNotification>;
