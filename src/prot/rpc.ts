import type { Codec } from "./json-codec.ts";
import { MessageIdentifier, responseIdentifier } from "./message-identifier.ts";
import { type MessageBase, type MessageResponseBase, messageBase, messageResponseBase } from "./messages/base.ts";
import { containerCreate, containerCreateResponse } from "./messages/create.ts";
import { dumpStacksResponse } from "./messages/dump-stacks.ts";
import { containerExecuteProcess, containerExecuteProcessResponse } from "./messages/execute-process.ts";
import { containerGetProperties, containerGetPropertiesResponse } from "./messages/get-properties.ts";
import {
  containerModifySettings,
  serviceModificationRequest,
  wcowContainerModifySettings,
} from "./messages/modify-settings.ts";
import { negotiateProtocol, negotiateProtocolResponse } from "./messages/negotiate-protocol.ts";
import {
  containerResizeConsole,
  containerSignalProcess,
  containerSignalProcessWcow,
  containerWaitForProcess,
  containerWaitForProcessResponse,
} from "./messages/process.ts";

/** One request of the bridge and its response. */
export interface Rpc<Req extends MessageBase, ReqInit, Res extends MessageResponseBase, ResInit> {
  /** Without "ComputeSystem": for errors, logs, spans. */
  readonly name: string;
  readonly requestType: number;
  readonly responseType: number;
  readonly request: Codec<Req, ReqInit>;
  readonly response: Codec<Res, ResInit>;
}

function rpc<Req extends MessageBase, ReqInit, Res extends MessageResponseBase, ResInit>(
  name: string,
  requestType: number,
  request: Codec<Req, ReqInit>,
  response: Codec<Res, ResInit>,
): Rpc<Req, ReqInit, Res, ResInit> {
  return { name, requestType, responseType: responseIdentifier(requestType), request, response };
}

const id = MessageIdentifier;

export const rpcs = {
  negotiateProtocol: rpc(
    "NegotiateProtocol",
    id.computeSystemNegotiateProtocolV1,
    negotiateProtocol,
    negotiateProtocolResponse,
  ),
  create: rpc("Create", id.computeSystemCreateV1, containerCreate, containerCreateResponse),
  start: rpc("Start", id.computeSystemStartV1, messageBase, messageResponseBase),
  shutdownGraceful: rpc("ShutdownGraceful", id.computeSystemShutdownGracefulV1, messageBase, messageResponseBase),
  shutdownForced: rpc("ShutdownForced", id.computeSystemShutdownForcedV1, messageBase, messageResponseBase),
  executeProcess: rpc(
    "ExecuteProcess",
    id.computeSystemExecuteProcessV1,
    containerExecuteProcess,
    containerExecuteProcessResponse,
  ),
  waitForProcess: rpc(
    "WaitForProcess",
    id.computeSystemWaitForProcessV1,
    containerWaitForProcess,
    containerWaitForProcessResponse,
  ),
  signalProcess: rpc("SignalProcess", id.computeSystemSignalProcessV1, containerSignalProcess, messageResponseBase),
  resizeConsole: rpc("ResizeConsole", id.computeSystemResizeConsoleV1, containerResizeConsole, messageResponseBase),
  getProperties: rpc(
    "GetProperties",
    id.computeSystemGetPropertiesV1,
    containerGetProperties,
    containerGetPropertiesResponse,
  ),
  modifySettings: rpc("ModifySettings", id.computeSystemModifySettingsV1, containerModifySettings, messageResponseBase),
  dumpStacks: rpc("DumpStacks", id.computeSystemDumpStacksV1, messageBase, dumpStacksResponse),
  deleteContainerState: rpc(
    "DeleteContainerState",
    id.computeSystemDeleteContainerStateV1,
    messageBase,
    messageResponseBase,
  ),
  /** Windows guests. */
  modifyServiceSettings: rpc(
    "ModifyServiceSettings",
    id.computeServiceModifySettingsV1,
    serviceModificationRequest,
    messageResponseBase,
  ),
} as const;

/** Requests whose bodies differ in Windows guests. */
export const wcowRpcs = {
  signalProcess: rpc("SignalProcess", id.computeSystemSignalProcessV1, containerSignalProcessWcow, messageResponseBase),
  modifyContainer: rpc(
    "ModifySettings",
    id.computeSystemModifySettingsV1,
    wcowContainerModifySettings,
    messageResponseBase,
  ),
} as const;
