import { invalidArgument, unimplemented } from "../../errors/shim-error.ts";
import { failpoint } from "../../failpoint/failpoint.ts";
import { decodeBody, encodeBody } from "../../prot/body.ts";
import { HRESULT } from "../../prot/hresult.ts";
import { asObject, parseAt } from "../../prot/json-codec.ts";
import type { MessageBase, MessageResponseBase } from "../../prot/messages/base.ts";
import { V2_SCHEMA_VERSION, vmHostedContainerSettingsV2 } from "../../prot/messages/create.ts";
import type { ExecuteProcessVsockStdioRelaySettings, ProcessParameters } from "../../prot/messages/execute-process.ts";
import { INFINITE_WAIT_TIMEOUT, NULL_ID, PropertyType } from "../../prot/protocol.ts";
import { type Rpc, rpcs } from "../../prot/rpc.ts";
import { compareSchemaVersions } from "../../prot/schema-version.ts";
import type { ExternalSettings, GcsHost, StdioPorts } from "../host.ts";
import { splitCommandLine } from "./command-line.ts";
import { type ErrorResponse, errorResponse, malformedResponse, responseOfThrown } from "./error-response.ts";
import type { ExitNotifications } from "./exit-notifications.ts";

export interface HandlerContext {
  readonly host: GcsHost;
  readonly exits: ExitNotifications;
  /** Bytes of body that the host reads at most. */
  readonly maxBody: number;
}

/** What a request came to: its response's body, and what is to be done once that is written. */
export interface Outcome {
  readonly body: Uint8Array;
  readonly activityId: string;
  answered?(): void;
}

/** Never rejects: errors are answers. */
export type Handler = (body: Uint8Array, context: HandlerContext) => Promise<Outcome>;

/** Why a config is refused, where upstream says InvalidJson for well-formed JSON. */
class InvalidConfig extends Error {}

function handler<Req extends MessageBase, ReqInit, Res extends MessageResponseBase, ResInit>(
  rpc: Rpc<Req, ReqInit, Res, ResInit>,
  missing: "process" | "system",
  run: (request: Req, context: HandlerContext) => Promise<Omit<ResInit, keyof ErrorResponse>>,
  answered?: (request: Req, context: HandlerContext) => void,
): Handler {
  const failure = (response: ErrorResponse): Outcome => ({
    // A response with a Result is read no further: the base alone is a whole answer to any request.
    body: encodeBody(rpcs.start.response, response),
    activityId: response.activityId,
  });
  return async (body, context) => {
    let request: Req;
    try {
      request = decodeBody(rpc.request, body, rpc.name);
    } catch (error) {
      return failure(malformedResponse(error));
    }
    const { activityId } = request;
    try {
      if (globalThis.UVM_SHIM_FAILPOINTS) await failpoint(`gcs.${rpc.name}`);
      const response = await run(request, context);
      return {
        body: encodeBody(rpc.response, { ...response, result: HRESULT.ok, activityId } as ResInit),
        activityId,
        answered: () => answered?.(request, context),
      };
    } catch (error) {
      if (error instanceof InvalidConfig) return failure(errorResponse(HRESULT.invalidJson, error.message, activityId));
      return failure(responseOfThrown(error, missing, activityId));
    }
  };
}

const create = handler(rpcs.create, "process", async (request, { host, exits }) => {
  const { containerId } = request;
  if (containerId === "" || containerId === NULL_ID) {
    throw invalidArgument(`Create names ${JSON.stringify(containerId)}; wanted the id of a container`);
  }
  const settings = readConfig(request.containerConfig);
  const stdio = request.vsockStdioRelaySettings;
  const watching = exits.watch(containerId);
  try {
    const { initPid } = await host.createContainer(containerId, {
      ...settings,
      ...(stdio === undefined ? {} : { initStdio: stdioPorts(stdio) }),
    });
    exits.created(containerId, initPid);
    return { processId: initPid };
  } catch (error) {
    if (watching) exits.forget(containerId);
    throw error;
  }
});

function readConfig(config: string): {
  ociBundlePath: string;
  ociSpecification: Readonly<Record<string, unknown>>;
  scratchDirPath: string;
} {
  const at = "Create.ContainerConfig";
  let settings: typeof vmHostedContainerSettingsV2.zero;
  try {
    settings = vmHostedContainerSettingsV2.decode(asObject(parseAt(config, at), at), at);
  } catch (error) {
    throw new InvalidConfig(error instanceof Error ? error.message : String(error));
  }
  const { schemaVersion, ociBundlePath, ociSpecification, scratchDirPath } = settings;
  if (compareSchemaVersions(schemaVersion, V2_SCHEMA_VERSION) < 0) {
    throw new InvalidConfig(`${at} has schema ${schemaVersion.major}.${schemaVersion.minor}; wanted 2.1 or later`);
  }
  if (ociSpecification === undefined) throw new InvalidConfig(`${at} has no OciSpecification`);
  return { ociBundlePath, ociSpecification, scratchDirPath };
}

const executeProcess = handler(rpcs.executeProcess, "system", async ({ containerId, settings }, { host, exits }) => {
  const parameters = settings.processParameters;
  const stdio = stdioPorts(settings.vsockStdioRelaySettings);
  if (containerId === NULL_ID || parameters.isExternal) {
    const { pid } = await host.execExternal(externalSettings(parameters), stdio);
    return { processId: pid };
  }
  const { ociProcess, emulateConsole } = parameters;
  if (ociProcess !== undefined) {
    const { pid } = await host.execInContainer(containerId, { ociProcess, emulateConsole }, stdio);
    return { processId: pid };
  }
  const { pid } = await host.startInit(containerId, stdio);
  exits.created(containerId, pid);
  return { processId: pid };
});

function externalSettings(parameters: ProcessParameters): ExternalSettings {
  const { commandArgs, commandLine, workingDirectory, environment, emulateConsole } = parameters;
  const args = commandArgs.length > 0 ? commandArgs : splitCommandLine(commandLine);
  if (args.length === 0) throw invalidArgument("ExecuteProcess has neither CommandArgs nor CommandLine");
  return { commandArgs: args, workingDirectory, environment, emulateConsole };
}

function stdioPorts(settings: ExecuteProcessVsockStdioRelaySettings | undefined): StdioPorts {
  if (settings === undefined) return {};
  const { stdIn, stdOut, stdErr } = settings;
  return {
    ...(stdIn === 0 ? {} : { stdin: stdIn }),
    ...(stdOut === 0 ? {} : { stdout: stdOut }),
    ...(stdErr === 0 ? {} : { stderr: stdErr }),
  };
}

const waitForProcess = handler(
  rpcs.waitForProcess,
  "process",
  async ({ containerId, processId, timeoutInMs }, { host }) => {
    const timeoutMs = timeoutInMs === INFINITE_WAIT_TIMEOUT ? Number.POSITIVE_INFINITY : timeoutInMs;
    const exitCode = await host.waitForProcess(containerId, processId, timeoutMs);
    return { exitCode, heldBackMs: host.heldBackMs(containerId, processId) };
  },
  ({ containerId, processId }, { exits }) => exits.waitAnswered(containerId, processId),
);

const signalProcess = handler(rpcs.signalProcess, "process", async ({ containerId, processId, options }, { host }) => {
  await host.signalProcess(containerId, processId, {
    ...(options === undefined || options.signal === 0 ? {} : { signal: options.signal }),
    ...(options?.all ? { all: true } : {}),
  });
  return {};
});

const resizeConsole = handler(rpcs.resizeConsole, "process", async (request, { host }) => {
  await host.resizeConsole(request.containerId, request.processId, request.width, request.height);
  return {};
});

function shutdown(rpc: typeof rpcs.shutdownGraceful, mode: "graceful" | "forced"): Handler {
  return handler(rpc, "system", async ({ containerId }, { host }) => {
    if (containerId === NULL_ID) await host.shutdownGuest(mode);
    else await host.shutdownContainer(containerId, mode);
    return {};
  });
}

const getProperties = handler(rpcs.getProperties, "system", async ({ containerId, query }, { host }) => {
  if (containerId === NULL_ID) throw unimplemented("the guest itself has no properties; ask for a container's");
  const wants = (type: string): boolean => query.propertyTypes.includes(type);
  const pids = wants(PropertyType.processList) ? await host.processList(containerId) : [];
  const statistics = wants(PropertyType.statistics) ? await host.statistics(containerId) : {};
  return {
    properties: {
      processList: pids.map((processId) => ({ processId })),
      metrics: statistics.v1,
      metricsV2: statistics.v2,
    },
  };
});

const modifySettings = handler(rpcs.modifySettings, "system", async ({ containerId, request }, { host }) => {
  if (containerId === NULL_ID) await host.modifyGuest(request);
  else await host.modifyContainer(containerId, request);
  return {};
});

const dumpStacks = handler(rpcs.dumpStacks, "system", async (_request, { host, maxBody }) => {
  let guestStacks = await host.dumpStacks();
  // The host ends the bridge for a message above its cap; half a dump is better than no guest.
  const room = maxBody - 512;
  for (;;) {
    const size = encodeBody(rpcs.dumpStacks.response, { guestStacks }).byteLength;
    if (size <= room) return { guestStacks };
    guestStacks = `${guestStacks.slice(0, Math.floor((guestStacks.length * room) / size) - 16)}\n(cut)\n`;
  }
});

const deleteContainerState = handler(rpcs.deleteContainerState, "system", async ({ containerId }, { host, exits }) => {
  await host.deleteContainerState(containerId);
  exits.forget(containerId);
  return {};
});

/** By request type; NegotiateProtocol is the connection's own. */
export const handlers: ReadonlyMap<number, Handler> = new Map([
  [rpcs.create.requestType, create],
  // Creating has done all that can be done before the init is executed.
  [rpcs.start.requestType, handler(rpcs.start, "system", async () => ({}))],
  [rpcs.shutdownGraceful.requestType, shutdown(rpcs.shutdownGraceful, "graceful")],
  [rpcs.shutdownForced.requestType, shutdown(rpcs.shutdownForced, "forced")],
  [rpcs.executeProcess.requestType, executeProcess],
  [rpcs.waitForProcess.requestType, waitForProcess],
  [rpcs.signalProcess.requestType, signalProcess],
  [rpcs.resizeConsole.requestType, resizeConsole],
  [rpcs.getProperties.requestType, getProperties],
  [rpcs.modifySettings.requestType, modifySettings],
  [rpcs.dumpStacks.requestType, dumpStacks],
  [rpcs.deleteContainerState.requestType, deleteContainerState],
]);
