import { anyJson, type TypeOf, text } from "../json-codec.ts";
import { field, record } from "../json-record.ts";
import { messageBaseFields } from "./base.ts";

/** `settings` depends on the resource type: see prot/resources. */
export const modificationRequest = record({
  resourceType: field("ResourceType", text),
  requestType: field("RequestType", text, "omitempty"),
  settings: field("Settings", anyJson, "omitempty"),
});
/** hcsshim's guest calls it ResourceModificationRequestResponse. */
export type ModificationRequest = TypeOf<typeof modificationRequest>;

export const containerModifySettings = record({
  ...messageBaseFields,
  request: field("Request", modificationRequest),
});
export type ContainerModifySettings = TypeOf<typeof containerModifySettings>;

/** ModifyServiceSettings: Windows guests. */
export const serviceModificationRequest = record({
  ...messageBaseFields,
  propertyType: field("PropertyType", text),
  settings: field("Settings", anyJson, "omitempty"),
});
export type ServiceModificationRequest = TypeOf<typeof serviceModificationRequest>;

export const LOG_FORWARD_SERVICE = "LogForwardService";

/** Settings of the LogForwardService: `settings` is text whose meaning `rpcType` tells. */
export const logForwardServiceRpcRequest = record({
  rpcType: field("RPCType", text),
  settings: field("Settings", text, "omitempty"),
});
export type LogForwardServiceRpcRequest = TypeOf<typeof logForwardServiceRpcRequest>;
