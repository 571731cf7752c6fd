import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeBody, encodeBody } from "../body.ts";
import type { Codec } from "../json-codec.ts";
import { NULL_ID } from "../protocol.ts";
import { rpcs } from "../rpc.ts";
import { compareSchemaVersions } from "../schema-version.ts";
import { vmHostedContainerSettingsV2Text } from "./create.ts";
import { containerNotification } from "./notification.ts";

/**
 * Bodies written by hand from the field tables of the protocol (reference: hcsshim bridge, bodies; the guest's prot
 * package), each read and written: the text is what Go's encoder makes of the same values, member order included.
 */
function golden<T, Init>(title: string, codec: Codec<T, Init>, wire: string, value: Init & Partial<T>): void {
  it(title, () => {
    assert.equal(new TextDecoder().decode(encodeBody(codec, value)), `${wire}\n`);
    const decoded = decodeBody(codec, new TextEncoder().encode(wire), title) as Readonly<Record<string, unknown>>;
    for (const [name, member] of Object.entries(value)) assert.deepEqual(decoded[name], member, name);
  });
}

const base = { containerId: "c1", activityId: NULL_ID };
const BASE = `"ContainerId":"c1","ActivityId":"${NULL_ID}"`;

describe("golden requests", () => {
  golden(
    "NegotiateProtocol",
    rpcs.negotiateProtocol.request,
    `{"ContainerId":"${NULL_ID}","ActivityId":"${NULL_ID}","MinimumVersion":4,"MaximumVersion":4}`,
    { containerId: NULL_ID, activityId: NULL_ID, minimumVersion: 4, maximumVersion: 4 },
  );
  golden(
    "a base with trace context",
    rpcs.start.request,
    `{${BASE},"otsc":{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}`,
    { ...base, otsc: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "" } },
  );
  golden("Create", rpcs.create.request, `{${BASE},"ContainerConfig":"{\\"SchemaVersion\\":{}}"}`, {
    ...base,
    containerConfig: '{"SchemaVersion":{}}',
  });
  golden(
    "Create with the init's ports (ours)",
    rpcs.create.request,
    `{${BASE},"ContainerConfig":"","VsockStdioRelaySettings":{"StdOut":1073741825}}`,
    { ...base, vsockStdioRelaySettings: { stdIn: 0, stdOut: 0x40000001, stdErr: 0 }, containerConfig: "" },
  );
  golden(
    "ContainerConfig",
    vmHostedContainerSettingsV2Text,
    `${JSON.stringify('{"SchemaVersion":{"Major":2,"Minor":1},"OciBundlePath":"/run/gcs/c/c1","OciSpecification":{"hostname":"a<b"},"ScratchDirPath":"/run/scratch"}')}`,
    {
      schemaVersion: { major: 2, minor: 1 },
      ociBundlePath: "/run/gcs/c/c1",
      ociSpecification: { hostname: "a<b" },
      scratchDirPath: "/run/scratch",
    },
  );
  golden("Start, Shutdown*, DumpStacks, DeleteContainerState", rpcs.shutdownForced.request, `{${BASE}}`, base);
  golden(
    "ExecuteProcess of an init",
    rpcs.executeProcess.request,
    `{${BASE},"Settings":{"ProcessParameters":"{\\"EmulateConsole\\":true,\\"CreateStdInPipe\\":true,\\"CreateStdOutPipe\\":true}","VsockStdioRelaySettings":{"StdIn":1073741825,"StdOut":1073741826}}}`,
    {
      ...base,
      settings: {
        processParameters: {
          applicationName: "",
          commandLine: "",
          commandArgs: [],
          user: "",
          workingDirectory: "",
          environment: {},
          restrictedToken: false,
          emulateConsole: true,
          createStdInPipe: true,
          createStdOutPipe: true,
          createStdErrPipe: false,
          consoleSize: [],
          useExistingLogin: false,
          useLegacyConsole: false,
          isExternal: false,
          ociSpecification: undefined,
          ociProcess: undefined,
        },
        stdioRelaySettings: undefined,
        vsockStdioRelaySettings: { stdIn: 0x40000001, stdOut: 0x40000002, stdErr: 0 },
      },
    },
  );
  golden("WaitForProcess", rpcs.waitForProcess.request, `{${BASE},"ProcessId":42,"TimeoutInMs":4294967295}`, {
    ...base,
    processId: 42,
    timeoutInMs: 0xffff_ffff,
  });
  golden("SignalProcess", rpcs.signalProcess.request, `{${BASE},"ProcessId":42,"Options":{"Signal":15}}`, {
    ...base,
    processId: 42,
    options: { signal: 15, all: false },
  });
  golden("SignalProcess without options", rpcs.signalProcess.request, `{${BASE},"ProcessId":42}`, {
    ...base,
    processId: 42,
  });
  golden(
    "SignalProcess to all (ours)",
    rpcs.signalProcess.request,
    `{${BASE},"ProcessId":42,"Options":{"Signal":9,"All":true}}`,
    { ...base, processId: 42, options: { signal: 9, all: true } },
  );
  golden("ResizeConsole", rpcs.resizeConsole.request, `{${BASE},"ProcessId":42,"Height":0,"Width":65535}`, {
    ...base,
    processId: 42,
    height: 0,
    width: 65535,
  });
  golden(
    "GetProperties",
    rpcs.getProperties.request,
    `{${BASE},"Query":"{\\"PropertyTypes\\":[\\"Statistics\\",\\"ProcessList\\"]}"}`,
    { ...base, query: { propertyTypes: ["Statistics", "ProcessList"] } },
  );
  golden(
    "ModifySettings",
    rpcs.modifySettings.request,
    `{${BASE},"Request":{"ResourceType":"MappedVirtualDisk","RequestType":"Add","Settings":{"MountPath":"/run/m"}}}`,
    {
      ...base,
      request: { resourceType: "MappedVirtualDisk", requestType: "Add", settings: { MountPath: "/run/m" } },
    },
  );
  golden(
    "ModifyServiceSettings",
    rpcs.modifyServiceSettings.request,
    `{${BASE},"PropertyType":"LogForwardService","Settings":{"RPCType":"StartLogForwarding"}}`,
    { ...base, propertyType: "LogForwardService", settings: { RPCType: "StartLogForwarding" } },
  );
});

describe("golden responses", () => {
  golden("an empty one", rpcs.start.response, '{"Result":0}', { result: 0 });
  golden(
    "an error",
    rpcs.start.response,
    '{"Result":-1070137074,"ActivityId":"a","ErrorMessage":"no such container","ErrorRecords":[{"Result":-1070137074,"Message":"no such container","ModuleName":"gcs","FileName":"","Line":4294967295}]}',
    {
      result: -1070137074,
      activityId: "a",
      errorMessage: "no such container",
      errorRecords: [
        {
          result: -1070137074,
          message: "no such container",
          stackTrace: "",
          moduleName: "gcs",
          fileName: "",
          line: 0xffff_ffff,
          functionName: "",
        },
      ],
    },
  );
  golden(
    "NegotiateProtocol",
    rpcs.negotiateProtocol.response,
    '{"Result":0,"Version":4,"Capabilities":{"SupportedSchemaVersions":[{"Major":2,"Minor":1}],"RuntimeOsType":"Linux","GuestDefinedCapabilities":{"NamespaceAddRequestSupported":true,"SignalProcessSupported":true,"DumpStacksSupported":true,"DeleteContainerStateSupported":true}}}',
    {
      result: 0,
      version: 4,
      capabilities: {
        sendHostCreateMessage: false,
        sendHostStartMessage: false,
        hvSocketConfigOnStartup: false,
        sendLifecycleNotifications: false,
        modifyServiceSettingsSupported: false,
        supportedSchemaVersions: [{ major: 2, minor: 1 }],
        runtimeOsType: "Linux",
        guestDefinedCapabilities: {
          namespaceAddRequestSupported: true,
          signalProcessSupported: true,
          dumpStacksSupported: true,
          deleteContainerStateSupported: true,
          initStdioSupported: false,
          freezerSupported: false,
          signalAllSupported: false,
          cgroupV2MetricsSupported: false,
          resumeSupported: false,
          processorsSupported: false,
          outOfMemoryNotificationsSupported: false,
          podSupported: false,
        },
      },
    },
  );
  golden("Create", rpcs.create.response, '{"Result":0,"SelectedProtocolVersion":4}', {
    result: 0,
    selectedProtocolVersion: 4,
  });
  golden(
    "Create with the init's pid (ours)",
    rpcs.create.response,
    '{"Result":0,"SelectedProtocolVersion":0,"ProcessId":7}',
    {
      result: 0,
      selectedProtocolVersion: 0,
      processId: 7,
    },
  );
  golden("ExecuteProcess", rpcs.executeProcess.response, '{"Result":0,"ProcessId":4294967295}', {
    result: 0,
    processId: 0xffff_ffff,
  });
  golden("WaitForProcess", rpcs.waitForProcess.response, '{"Result":0,"ExitCode":137}', {
    result: 0,
    exitCode: 137,
    heldBackMs: 0,
  });
  golden("WaitForProcess held back", rpcs.waitForProcess.response, '{"Result":0,"ExitCode":0,"HeldBackMs":10000}', {
    result: 0,
    exitCode: 0,
    heldBackMs: 10_000,
  });
  golden(
    "GetProperties",
    rpcs.getProperties.response,
    '{"Result":0,"Properties":"{\\"ProcessList\\":[{\\"ProcessId\\":1}],\\"LCOWMetrics\\":{\\"memory\\":{\\"hierarchical_memory_limit\\":9223372036854771712}}}"}',
    {
      result: 0,
      properties: {
        processList: [{ processId: 1 }],
        metrics: { memory: { hierarchical_memory_limit: 9223372036854771712n } },
        metricsV2: undefined,
      },
    },
  );
  golden("GetProperties after the exit", rpcs.getProperties.response, '{"Result":0,"Properties":"{}"}', {
    result: 0,
    properties: { processList: [], metrics: undefined, metricsV2: undefined },
  });
  golden("DumpStacks", rpcs.dumpStacks.response, '{"Result":0,"GuestStacks":"goroutine 1\\n"}', {
    result: 0,
    guestStacks: "goroutine 1\n",
  });
});

describe("golden notification", () => {
  golden("of an exit", containerNotification, `{${BASE},"Type":"UnexpectedExit","Operation":"None","Result":0}`, {
    ...base,
    type: "UnexpectedExit",
    operation: "None",
    result: 0,
  });

  it("of an unknown type is refused", () => {
    const body = new TextEncoder().encode(`{${BASE},"Type":"Vanished","Operation":"None","Result":0}`);
    assert.throws(() => decodeBody(containerNotification, body, "Notification"), /Notification\.Type is "Vanished"/);
  });
});

describe("schema versions", () => {
  it("compare by major, then minor", () => {
    assert.equal(compareSchemaVersions({ major: 2, minor: 1 }, { major: 2, minor: 1 }), 0);
    assert.equal(compareSchemaVersions({ major: 1, minor: 9 }, { major: 2, minor: 1 }), -1);
    assert.equal(compareSchemaVersions({ major: 2, minor: 2 }, { major: 2, minor: 1 }), 1);
  });
});
