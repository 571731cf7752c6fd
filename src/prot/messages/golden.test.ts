import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeBody, encodeBody } from "../body.ts";
import type { Codec } from "../json-codec.ts";
import { INFINITE_WAIT_TIMEOUT, NULL_ID, OsType, PropertyType, ProtocolVersion, RequestType } from "../protocol.ts";
import { rpcs } from "../rpc.ts";
import { compareSchemaVersions } from "../schema-version.ts";
import { uvmConfigText, vmHostedContainerSettingsV2Text } from "./create.ts";
import { processParameters } from "./execute-process.ts";
import { properties } from "./get-properties.ts";
import { vmHostedContainerSettings } from "./hosted-settings-v1.ts";
import { activeOperations, containerNotification, notificationTypes } from "./notification.ts";

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

const noCapabilities = {
  namespaceAddRequestSupported: false,
  signalProcessSupported: false,
  dumpStacksSupported: false,
  deleteContainerStateSupported: false,
  updateContainerSupported: false,
  logForwardingSupported: false,
  hostProcessContainerSupported: false,
  initStdioSupported: false,
  freezerSupported: false,
  signalAllSupported: false,
  cgroupV2MetricsSupported: false,
  resumeSupported: false,
  processorsSupported: false,
  outOfMemoryNotificationsSupported: false,
  podSupported: false,
};
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
  golden(
    "a base with an OpenCensus span",
    rpcs.start.request,
    `{${BASE},"ocsc":{"TraceID":"4bf92f3577b34da6a3ce929d0e0e4736","SpanID":"00f067aa0ba902b7","TraceOptions":1}}`,
    { ...base, ocsc: { TraceID: "4bf92f3577b34da6a3ce929d0e0e4736", SpanID: "00f067aa0ba902b7", TraceOptions: 1 } },
  );
  golden(
    "Create with the versions of older protocols",
    rpcs.create.request,
    `{${BASE},"ContainerConfig":"{}","SupportedVersions":{"MinimumVersion":"V3","MaximumVersion":"V3","MinimumProtocolVersion":3,"MaximumProtocolVersion":4}}`,
    {
      ...base,
      containerConfig: "{}",
      supportedVersions: {
        minimumVersion: "V3",
        maximumVersion: "V3",
        minimumProtocolVersion: 3,
        maximumProtocolVersion: 4,
      },
    },
  );
  golden(
    "the UVM's own config",
    uvmConfigText,
    JSON.stringify('{"SystemType":"Container","TimeZoneInformation":null}'),
    {
      systemType: "Container",
    },
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
  golden(
    "process parameters with everything",
    processParameters,
    '{"ApplicationName":"sh.exe","CommandLine":"sh -c \\"a b\\"","CommandArgs":["sh","-c"],"User":"u","WorkingDirectory":"/w","Environment":{"PATH":"/bin"},"RestrictedToken":true,"EmulateConsole":true,"CreateStdInPipe":true,"CreateStdOutPipe":true,"CreateStdErrPipe":true,"ConsoleSize":[24,80],"UseExistingLogin":true,"UseLegacyConsole":true,"CreateInUtilityVM":true,"OciSpecification":{"ociVersion":"1.0.2"},"OciProcess":{"cwd":"/"}}',
    {
      ...{ applicationName: "sh.exe", commandLine: 'sh -c "a b"', commandArgs: ["sh", "-c"], user: "u" },
      ...{ workingDirectory: "/w", environment: { PATH: "/bin" }, restrictedToken: true, emulateConsole: true },
      ...{ createStdInPipe: true, createStdOutPipe: true, createStdErrPipe: true, consoleSize: [24, 80] },
      ...{ useExistingLogin: true, useLegacyConsole: true, isExternal: true },
      ...{ ociSpecification: { ociVersion: "1.0.2" }, ociProcess: { cwd: "/" } },
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
    `{${BASE},"Request":{"RequestType":"Add","ResourceType":"MappedVirtualDisk","Settings":{"MountPath":"/run/m"}}}`,
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
          ...noCapabilities,
          namespaceAddRequestSupported: true,
          signalProcessSupported: true,
          dumpStacksSupported: true,
          deleteContainerStateSupported: true,
        },
      },
    },
  );
  golden(
    "an error with all of its record",
    rpcs.start.response,
    '{"Result":-2147467259,"ErrorRecords":[{"Result":-2147467259,"Message":"m","StackTrace":"s","ModuleName":"gcs","FileName":"f.go","Line":7,"FunctionName":"main.f"}]}',
    {
      result: -2147467259,
      errorRecords: [
        {
          ...{ result: -2147467259, message: "m", stackTrace: "s", moduleName: "gcs" },
          ...{ fileName: "f.go", line: 7, functionName: "main.f" },
        },
      ],
    },
  );
  golden(
    "NegotiateProtocol of a guest that wants its own create, start and addresses",
    rpcs.negotiateProtocol.response,
    '{"Result":0,"Version":4,"Capabilities":{"SendHostCreateMessage":true,"SendHostStartMessage":true,"HvSocketConfigOnStartup":true,"RuntimeOsType":"Windows","GuestDefinedCapabilities":{}}}',
    {
      result: 0,
      version: 4,
      capabilities: {
        ...{ sendHostCreateMessage: true, sendHostStartMessage: true, hvSocketConfigOnStartup: true },
        ...{ sendLifecycleNotifications: false, modifyServiceSettingsSupported: false, supportedSchemaVersions: [] },
        ...{ runtimeOsType: "Windows", guestDefinedCapabilities: noCapabilities },
      },
    },
  );
  golden(
    "Create with the version that was selected",
    rpcs.create.response,
    '{"Result":0,"SelectedVersion":"V3","SelectedProtocolVersion":3}',
    { result: 0, selectedVersion: "V3", selectedProtocolVersion: 3 },
  );
  golden("properties before V2", properties, '{"ProcessList":[{"ProcessId":4294967295}]}', {
    processList: [{ processId: 0xffff_ffff }],
  });
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
        statistics: undefined,
        metrics: { memory: { hierarchical_memory_limit: 9223372036854771712n } },
        metricsV2: undefined,
      },
    },
  );
  golden("GetProperties after the exit", rpcs.getProperties.response, '{"Result":0,"Properties":"{}"}', {
    result: 0,
    properties: { processList: [], statistics: undefined, metrics: undefined, metricsV2: undefined },
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

  golden(
    "of an operation, with its result",
    containerNotification,
    `{${BASE},"Type":"GracefulExit","Operation":"Shutdown","Result":-1070137075,"ResultInfo":"i"}`,
    { ...base, type: "GracefulExit", operation: "Shutdown", result: -1070137075, resultInfo: "i" },
  );

  it("of an unknown type is refused", () => {
    const body = new TextEncoder().encode(`{${BASE},"Type":"Vanished","Operation":"None","Result":0}`);
    assert.throws(() => decodeBody(containerNotification, body, "Notification"), /Notification\.Type is "Vanished"/);
  });
});

const noDisk = { containerPath: "", lun: 0, createInUtilityVm: false, readOnly: false, attachOnly: false };
const noDirectory = { containerPath: "", createInUtilityVm: false, readOnly: false, port: 0 };
const noAdapter = {
  ...{ adapterInstanceId: "", firewallEnabled: false, natEnabled: false, macAddress: "", allocatedIpAddress: "" },
  ...{ hostIpAddress: "", hostIpPrefixLength: 0, allocatedIpv6Address: "", hostIpv6Address: "" },
  ...{ hostIpv6PrefixLength: 0, hostDnsServerList: "", hostDnsSuffix: "", enableLowMetric: false, encapOverhead: 0 },
};

describe("golden settings of a container before V2", () => {
  golden(
    "with everything",
    vmHostedContainerSettings,
    '{"Layers":[{"Id":"0","Path":"/run/l"}],"SandboxDataPath":"1","MappedVirtualDisks":[{"ContainerPath":"/d","Lun":63,"CreateInUtilityVM":true,"ReadOnly":true,"AttachOnly":true}],"MappedDirectories":[{"ContainerPath":"/m","CreateInUtilityVM":true,"ReadOnly":true,"Port":564}],"NetworkAdapters":[{"AdapterInstanceId":"a","FirewallEnabled":true,"NatEnabled":true,"MacAddress":"00-15-5D-00-00-01","AllocatedIpAddress":"10.0.0.5","HostIpAddress":"10.0.0.1","HostIpPrefixLength":24,"AllocatedIpv6Address":"fd00::5","HostIpv6Address":"fd00::1","HostIpv6PrefixLength":64,"HostDnsServerList":"10.0.0.2","HostDnsSuffix":"a.example","EnableLowMetric":true,"EncapOverhead":50}]}',
    {
      layers: [{ id: "0", path: "/run/l" }],
      sandboxDataPath: "1",
      mappedVirtualDisks: [{ containerPath: "/d", lun: 63, createInUtilityVm: true, readOnly: true, attachOnly: true }],
      mappedDirectories: [{ containerPath: "/m", createInUtilityVm: true, readOnly: true, port: 564 }],
      networkAdapters: [
        {
          ...{ adapterInstanceId: "a", firewallEnabled: true, natEnabled: true, macAddress: "00-15-5D-00-00-01" },
          ...{ allocatedIpAddress: "10.0.0.5", hostIpAddress: "10.0.0.1", hostIpPrefixLength: 24 },
          ...{ allocatedIpv6Address: "fd00::5", hostIpv6Address: "fd00::1", hostIpv6PrefixLength: 64 },
          ...{ hostDnsServerList: "10.0.0.2", hostDnsSuffix: "a.example", enableLowMetric: true, encapOverhead: 50 },
        },
      ],
    },
  );
  golden(
    "of which nothing is said",
    vmHostedContainerSettings,
    '{"Layers":[],"SandboxDataPath":"","MappedVirtualDisks":[{"ContainerPath":""}],"MappedDirectories":[{"ContainerPath":""}],"NetworkAdapters":[{"AdapterInstanceId":"","FirewallEnabled":false,"NatEnabled":false}]}',
    { layers: [], mappedVirtualDisks: [noDisk], mappedDirectories: [noDirectory], networkAdapters: [noAdapter] },
  );
});

describe("the protocol's words and numbers", () => {
  it("are those of hcsshim", () => {
    assert.deepEqual(Object.values(PropertyType).sort(), [
      ...["CpuGroup", "MappedDirectory", "MappedPipe", "MappedVirtualDisk", "Memory", "Network", "PendingUpdates"],
      ...["ProcessList", "Statistics", "SystemGUID", "TerminateOnLastHandleClosed"],
    ]);
    assert.deepEqual(Object.values(RequestType), ["Add", "Remove", "PreAdd", "Update"]);
    assert.deepEqual(OsType, { linux: "Linux", windows: "Windows" });
    assert.deepEqual(ProtocolVersion, { invalid: 0, v4: 4, max: 4 });
    assert.equal(INFINITE_WAIT_TIMEOUT, 4294967295);
    assert.deepEqual(
      notificationTypes.filter((type) => type !== "OutOfMemory"),
      [
        ...["None", "GracefulExit", "ForcedExit", "UnexpectedExit", "Reboot"],
        ...["Constructed", "Started", "Paused", "Unknown"],
      ],
    );
    assert.deepEqual(activeOperations, ["None", "Construct", "Start", "Pause", "Resume", "Shutdown", "Terminate"]);
  });
});

describe("schema versions", () => {
  it("compare by major, then minor", () => {
    assert.equal(compareSchemaVersions({ major: 2, minor: 1 }, { major: 2, minor: 1 }), 0);
    assert.equal(compareSchemaVersions({ major: 1, minor: 9 }, { major: 2, minor: 1 }), -1);
    assert.equal(compareSchemaVersions({ major: 2, minor: 2 }, { major: 2, minor: 1 }), 1);
  });
});
