/**
 * Message types of the bridge. Bits 31-28 kind, 27-20 category, 19-8 message id, 7-0 version; a response is its request
 * plus 0x10000000 (reference: hcsshim bridge, framing).
 */
export const MessageType = {
  none: 0,
  request: 0x1000_0000,
  response: 0x2000_0000,
  notification: 0x3000_0000,
} as const;

export const MessageCategory = {
  none: 0,
  computeSystem: 0x0010_0000,
  computeService: 0x0020_0000,
} as const;

/** Requests, and the notification; `responseIdentifier` gives the responses. */
export const MessageIdentifier = {
  none: 0,
  computeSystemCreateV1: 0x1010_0101,
  computeSystemStartV1: 0x1010_0201,
  computeSystemShutdownGracefulV1: 0x1010_0301,
  computeSystemShutdownForcedV1: 0x1010_0401,
  computeSystemExecuteProcessV1: 0x1010_0501,
  computeSystemWaitForProcessV1: 0x1010_0601,
  computeSystemSignalProcessV1: 0x1010_0701,
  computeSystemResizeConsoleV1: 0x1010_0801,
  computeSystemGetPropertiesV1: 0x1010_0901,
  computeSystemModifySettingsV1: 0x1010_0a01,
  computeSystemNegotiateProtocolV1: 0x1010_0b01,
  computeSystemDumpStacksV1: 0x1010_0c01,
  computeSystemDeleteContainerStateV1: 0x1010_0d01,
  computeSystemUpdateContainerV1: 0x1010_0e01,
  computeSystemLifecycleNotificationV1: 0x1010_0f01,
  computeServiceModifySettingsV1: 0x1020_0101,

  computeSystemResponseCreateV1: 0x2010_0101,
  computeSystemResponseStartV1: 0x2010_0201,
  computeSystemResponseShutdownGracefulV1: 0x2010_0301,
  computeSystemResponseShutdownForcedV1: 0x2010_0401,
  computeSystemResponseExecuteProcessV1: 0x2010_0501,
  computeSystemResponseWaitForProcessV1: 0x2010_0601,
  computeSystemResponseSignalProcessV1: 0x2010_0701,
  computeSystemResponseResizeConsoleV1: 0x2010_0801,
  computeSystemResponseGetPropertiesV1: 0x2010_0901,
  computeSystemResponseModifySettingsV1: 0x2010_0a01,
  computeSystemResponseNegotiateProtocolV1: 0x2010_0b01,
  computeSystemResponseDumpStacksV1: 0x2010_0c01,
  computeSystemResponseDeleteContainerStateV1: 0x2010_0d01,
  computeSystemResponseUpdateContainerV1: 0x2010_0e01,
  computeSystemResponseLifecycleNotificationV1: 0x2010_0f01,
  computeServiceResponseModifySettingsV1: 0x2020_0101,

  computeSystemNotificationV1: 0x3010_0101,
} as const;

export interface IdentifierParts {
  /** One of MessageType, or another value of the same four bits. */
  readonly kind: number;
  readonly category: number;
  /** 12 bits. */
  readonly message: number;
  readonly version: number;
}

export function identifierParts(identifier: number): IdentifierParts {
  return {
    kind: (identifier & 0xf000_0000) >>> 0,
    category: identifier & 0x0ff0_0000,
    message: (identifier & 0x000f_ff00) >>> 8,
    version: identifier & 0xff,
  };
}

export function isRequest(identifier: number): boolean {
  return identifierParts(identifier).kind === MessageType.request;
}

/** The type of the response to a request. */
export function responseIdentifier(request: number): number {
  return (request + (MessageType.response - MessageType.request)) >>> 0;
}

const names = new Map<number, string>(
  Object.entries(MessageIdentifier).map(([name, value]) => [value, name[0]?.toUpperCase() + name.slice(1)]),
);

/** For logs and errors: the name where the type is known, always the number. */
export function messageName(identifier: number): string {
  const number = `0x${(identifier >>> 0).toString(16).padStart(8, "0")}`;
  const name = names.get(identifier);
  return name === undefined ? number : `${name} (${number})`;
}
