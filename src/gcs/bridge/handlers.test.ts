import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  CONFIG,
  CREATE,
  DELETE_STATE,
  DUMP_STACKS,
  EXECUTE,
  GET_PROPERTIES,
  hresult,
  MODIFY,
  RESIZE,
  ServedBridge,
  SHUTDOWN_FORCED,
  SHUTDOWN_GRACEFUL,
  SIGNAL,
  START,
  WAIT,
} from "../../../test/harness/served-bridge.ts";
import { NULL_ID } from "../../prot/protocol.ts";

describe("bridge server: requests", () => {
  it("Create reads the config and answers the init's pid", async () => {
    const s = await ServedBridge.negotiated();
    const answer = await s.peer.request(CREATE, 2n, {
      ContainerId: "c",
      ContainerConfig: CONFIG,
      VsockStdioRelaySettings: { StdIn: 1, StdErr: 3 },
    });
    assert.deepEqual(answer.body, { Result: 0, ActivityId: NULL_ID, SelectedProtocolVersion: 0, ProcessId: 100 });
    assert.deepEqual(s.host.called("createContainer"), [
      [
        "c",
        {
          ociBundlePath: "/run/b",
          ociSpecification: { ociVersion: "1.0.2" },
          scratchDirPath: "",
          initStdio: { stdin: 1, stderr: 3 },
        },
      ],
    ]);
    await s.close();
  });

  it("Create keeps 64-bit integers of the spec whole", async () => {
    const s = await ServedBridge.negotiated();
    const config = CONFIG.replace('"1.0.2"', '"1.0.2","limit":9223372036854775807');
    await s.peer.request(CREATE, 2n, { ContainerId: "c", ContainerConfig: config });
    const [, settings] = s.host.called("createContainer")[0] ?? [];
    assert.deepEqual((settings as { ociSpecification: object }).ociSpecification, {
      ociVersion: "1.0.2",
      limit: 9223372036854775807n,
    });
    await s.close();
  });

  for (const [what, config] of [
    ["no OciSpecification", '{"SchemaVersion":{"Major":2,"Minor":1}}'],
    ["schema 1.0", '{"SchemaVersion":{"Major":1},"OciSpecification":{}}'],
    ["no JSON", "{"],
    ["an array", "[]"],
    ["nothing", ""],
    ["OciSpecification of the wrong type", '{"SchemaVersion":{"Major":2,"Minor":1},"OciSpecification":7}'],
  ] as const) {
    it(`Create refuses a config with ${what}`, async () => {
      const s = await ServedBridge.negotiated();
      const answer = await s.peer.request(CREATE, 2n, { ContainerId: "c", ContainerConfig: config });
      assert.equal(hresult(answer.body), "0xc037010d");
      assert.match(String(answer.body.ErrorMessage), /Create\.ContainerConfig/);
      assert.deepEqual(s.host.calls, []);
      await s.close();
    });
  }

  it("Create refuses the null id", async () => {
    const s = await ServedBridge.negotiated();
    const answer = await s.peer.request(CREATE, 2n, { ContainerId: NULL_ID, ContainerConfig: CONFIG });
    assert.equal(hresult(answer.body), "0x80070057");
    await s.close();
  });

  it("Start is answered and does nothing", async () => {
    const s = await ServedBridge.negotiated();
    assert.deepEqual((await s.peer.request(START, 2n, { ContainerId: "any" })).body, {
      Result: 0,
      ActivityId: NULL_ID,
    });
    assert.deepEqual(s.host.calls, []);
    await s.close();
  });

  it("ExecuteProcess tells an init, an exec and a process of the guest apart", async () => {
    const s = await ServedBridge.negotiated();
    const execute = (id: bigint, containerId: string, parameters: object, ports?: object) =>
      s.peer.request(EXECUTE, id, {
        ContainerId: containerId,
        Settings: { ProcessParameters: JSON.stringify(parameters), VsockStdioRelaySettings: ports },
      });
    assert.equal((await execute(2n, "c", {}, { StdIn: 0, StdOut: 5 })).body.ProcessId, 100);
    assert.equal((await execute(3n, "c", { OciProcess: { args: ["sh"] }, EmulateConsole: true })).body.ProcessId, 101);
    const external = { CommandArgs: ["ls", "-l"], WorkingDirectory: "/", Environment: { A: "b" } };
    assert.equal((await execute(4n, NULL_ID, external)).body.ProcessId, 102);
    assert.equal((await execute(5n, "c", { CommandLine: "ls -l", CreateInUtilityVM: true })).body.ProcessId, 102);
    assert.deepEqual(s.host.calls, [
      { method: "startInit", args: ["c", { stdout: 5 }] },
      { method: "execInContainer", args: ["c", { ociProcess: { args: ["sh"] }, emulateConsole: true }, {}] },
      {
        method: "execExternal",
        args: [
          { commandArgs: ["ls", "-l"], workingDirectory: "/", environment: { A: "b" }, emulateConsole: false },
          {},
        ],
      },
      {
        method: "execExternal",
        args: [{ commandArgs: ["ls", "-l"], workingDirectory: "", environment: {}, emulateConsole: false }, {}],
      },
    ]);
    assert.equal(hresult((await execute(6n, NULL_ID, {})).body), "0x80070057");
    await s.close();
  });

  it("WaitForProcess gives exit code and time-out; Signal, Resize their arguments", async () => {
    const s = await ServedBridge.negotiated();
    s.host.script.waitForProcess = async () => 137;
    const waited = await s.peer.request(WAIT, 2n, { ContainerId: "c", ProcessId: 5, TimeoutInMs: 0xffff_ffff });
    assert.deepEqual(waited.body, { Result: 0, ActivityId: NULL_ID, ExitCode: 137 });
    await s.peer.request(WAIT, 3n, { ContainerId: "c", ProcessId: 5, TimeoutInMs: 10 });
    await s.peer.request(SIGNAL, 4n, { ContainerId: "c", ProcessId: 5 });
    await s.peer.request(SIGNAL, 5n, { ContainerId: "c", ProcessId: 5, Options: { Signal: 0 } });
    await s.peer.request(SIGNAL, 6n, { ContainerId: "c", ProcessId: 5, Options: { Signal: 15, All: true } });
    await s.peer.request(RESIZE, 7n, { ContainerId: "c", ProcessId: 5, Height: 24, Width: 80 });
    assert.deepEqual(s.host.calls, [
      { method: "waitForProcess", args: ["c", 5, Number.POSITIVE_INFINITY] },
      { method: "waitForProcess", args: ["c", 5, 10] },
      { method: "signalProcess", args: ["c", 5, {}] },
      { method: "signalProcess", args: ["c", 5, {}] },
      { method: "signalProcess", args: ["c", 5, { signal: 15, all: true }] },
      { method: "resizeConsole", args: ["c", 5, 80, 24] },
    ]);
    await s.close();
  });

  it("Shutdown and ModifySettings go to a container or, with the null id, to the guest", async () => {
    const s = await ServedBridge.negotiated();
    const change = { ResourceType: "Freezer", RequestType: "Update", Settings: { State: "Frozen" } };
    await s.peer.request(SHUTDOWN_GRACEFUL, 2n, { ContainerId: "c" });
    await s.peer.request(SHUTDOWN_FORCED, 3n, { ContainerId: "c" });
    await s.peer.request(SHUTDOWN_FORCED, 4n, { ContainerId: NULL_ID });
    await s.peer.request(MODIFY, 5n, { ContainerId: "c", Request: change });
    await s.peer.request(MODIFY, 6n, { ContainerId: NULL_ID, Request: { ResourceType: "PodCgroupMemoryLimit" } });
    assert.deepEqual(s.host.calls, [
      { method: "shutdownContainer", args: ["c", "graceful"] },
      { method: "shutdownContainer", args: ["c", "forced"] },
      { method: "shutdownGuest", args: ["forced"] },
      {
        method: "modifyContainer",
        args: ["c", { resourceType: "Freezer", requestType: "Update", settings: { State: "Frozen" } }],
      },
      {
        method: "modifyGuest",
        args: [{ resourceType: "PodCgroupMemoryLimit", requestType: "", settings: undefined }],
      },
    ]);
    await s.close();
  });

  it("GetProperties answers what was asked for, as text", async () => {
    const s = await ServedBridge.negotiated();
    s.host.script.statistics = async () => ({ v1: { memory: { usage: 2n ** 63n } }, v2: { pids: { current: 1 } } });
    const get = async (id: bigint, ...types: string[]) =>
      (await s.peer.request(GET_PROPERTIES, id, { ContainerId: "c", Query: JSON.stringify({ PropertyTypes: types }) }))
        .body.Properties;
    assert.equal(await get(2n, "ProcessList"), '{"ProcessList":[{"ProcessId":100}]}');
    assert.equal(
      await get(3n, "Statistics"),
      '{"LCOWMetrics":{"memory":{"usage":9223372036854775808}},"LCOWMetricsV2":{"pids":{"current":1}}}',
    );
    assert.equal(await get(4n, "Network"), "{}");
    const guest = await s.peer.request(GET_PROPERTIES, 5n, { ContainerId: NULL_ID, Query: "{}" });
    assert.equal(hresult(guest.body), "0x80004001");
    await s.close();
  });

  it("DumpStacks and DeleteContainerState", async () => {
    const s = await ServedBridge.negotiated();
    assert.equal((await s.peer.request(DUMP_STACKS, 2n, { ContainerId: NULL_ID })).body.GuestStacks, "stacks");
    await s.peer.request(DELETE_STATE, 3n, { ContainerId: "c" });
    assert.deepEqual(s.host.called("deleteContainerState"), [["c"]]);
    await s.close();
  });

  it("runs requests side by side and answers them as they finish", async () => {
    const s = await ServedBridge.negotiated();
    let release: (code: number) => void = () => undefined;
    s.host.script.waitForProcess = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    s.peer.send(WAIT, 2n, { ContainerId: "c", ActivityId: "", ProcessId: 5, TimeoutInMs: 0xffff_ffff });
    await s.peer.request(START, 3n, { ContainerId: "c" });
    release(4);
    assert.equal((await s.peer.answer(2n)).body.ExitCode, 4);
    assert.deepEqual(
      s.peer.received.map((message) => message.id),
      [1n, 3n, 2n],
    );
    await s.close();
  });
});
