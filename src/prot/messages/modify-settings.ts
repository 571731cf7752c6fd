import { anyJson, type TypeOf, text } from "../json-codec.ts";
import { field, record } from "../json-record.ts";
import { messageBaseFields } from "./base.ts";

/** `settings` depends on the resource type: see prot/resources. */
export const modificationRequest = record({
  requestType: field("RequestType", text, "omitempty"),
  resourceType: field("ResourceType", text, "omitempty"),
  settings: field("Settings", anyJson, "omitempty"),
});
/** hcsshim's guest calls it ResourceModificationRequestResponse. */
export type ModificationRequest = TypeOf<typeof modificationRequest>;

export const containerModifySettings = record({
  ...messageBaseFields,
  request: field("Request", modificationRequest),
});
export type ContainerModifySettings = TypeOf<typeof containerModifySettings>;

/** Request of a Windows container's ModifySettings: HCS's own form, whose resource is a path (`WcowResourcePath`). */
export const modifySettingRequest = record({
  resourcePath: field("ResourcePath", text, "omitempty"),
  requestType: field("RequestType", text, "omitempty"),
  settings: field("Settings", anyJson, "omitempty"),
});
export type ModifySettingRequest = TypeOf<typeof modifySettingRequest>;

/** Of a Windows container, in a VM too. */
export const WcowResourcePath = { memory: "Container/Memory/SizeInMB", processor: "Container/Processor" } as const;

export const wcowContainerModifySettings = record({
  ...messageBaseFields,
  request: field("Request", modifySettingRequest),
});
export type WcowContainerModifySettings = TypeOf<typeof wcowContainerModifySettings>;

/** ModifyServiceSettings: Windows guests. */
export const serviceModificationRequest = record({
  ...messageBaseFields,
  propertyType: field("PropertyType", text),
  settings: field("Settings", anyJson, "omitempty"),
});
export type ServiceModificationRequest = TypeOf<typeof serviceModificationRequest>;

export const LOG_FORWARD_SERVICE = "LogForwardService";

export const LogForwardRpcType = {
  modifyServiceSettings: "ModifyServiceSettings",
  startLogForwarding: "StartLogForwarding",
  stopLogForwarding: "StopLogForwarding",
} as const;

/** Settings of the LogForwardService: `settings` is text whose meaning `rpcType` tells. */
export const logForwardServiceRpcRequest = record({
  rpcType: field("RPCType", text, "omitempty"),
  settings: field("Settings", text, "omitempty"),
});
export type LogForwardServiceRpcRequest = TypeOf<typeof logForwardServiceRpcRequest>;
