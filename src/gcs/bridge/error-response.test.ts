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
  RESPONSE,
  ServedBridge,
  SHUTDOWN_FORCED,
  SIGNAL,
  START,
  WAIT,
} from "../../../test/harness/served-bridge.ts";
import { failedPrecondition, notFound, ShimError } from "../../errors/shim-error.ts";
import { NULL_ID } from "../../prot/protocol.ts";

describe("bridge server: errors", () => {
  const cases: readonly [string, number, object, Error, string][] = [
    ["a missing container", SHUTDOWN_FORCED, {}, notFound("container c is not here"), "0xc037010e"],
    ["a missing process", SIGNAL, { ProcessId: 3 }, notFound("process 3 is gone"), "0x80070490"],
    ["a used id", CREATE, { ContainerConfig: CONFIG }, new ShimError("already-exists", "c is here"), "0xc037010f"],
    ["a wrong state", DELETE_STATE, {}, failedPrecondition("c runs"), "0x80370105"],
    ["a passed time-out", WAIT, { ProcessId: 3 }, new ShimError("deadline-exceeded", "5 ms are over"), "0xc0370109"],
    ["a bug", DUMP_STACKS, {}, new TypeError("undefined is not a function"), "0x80004005"],
  ];
  for (const [what, type, body, thrown, expected] of cases) {
    it(`answers ${what} with ${expected} and an error record`, async () => {
      const s = await ServedBridge.negotiated();
      const fail = async (): Promise<never> => {
        throw thrown;
      };
      const script = s.host.script;
      script.shutdownContainer = fail;
      script.signalProcess = fail;
      script.createContainer = fail;
      script.deleteContainerState = fail;
      script.waitForProcess = fail;
      script.dumpStacks = fail;
      const answer = await s.peer.request(type, 2n, { ContainerId: "c", ActivityId: "act", ...body });
      const result = Number.parseInt(expected, 16) | 0;
      assert.equal(answer.type, type + RESPONSE);
      assert.deepEqual(answer.body, {
        Result: result,
        ActivityId: "act",
        ErrorMessage: thrown.message,
        ErrorRecords: [{ Result: result, Message: thrown.message, ModuleName: "gcs", FileName: "", Line: 4294967295 }],
      });
      assert.equal(hresult((await s.peer.request(START, 3n, { ContainerId: "c" })).body), "0x00000000");
      await s.close();
    });
  }

  it("answers a handler that throws in its own turn", async () => {
    const s = await ServedBridge.negotiated();
    s.host.script.dumpStacks = () => {
      throw new RangeError("at once");
    };
    assert.equal(hresult((await s.peer.request(DUMP_STACKS, 2n, { ContainerId: NULL_ID })).body), "0x80004005");
    await s.close();
  });

  it("answers a request that it can't read, naming the member, and lives on", async () => {
    const s = await ServedBridge.negotiated();
    for (const [id, body, pattern] of [
      [2n, "{", /WaitForProcess is not JSON/],
      [3n, "", /WaitForProcess is not JSON/],
      [4n, '{"ProcessId":-1}', /WaitForProcess\.ProcessId is number -1/],
      [5n, '{"ContainerId":{}}', /WaitForProcess\.ContainerId is object; wanted a string/],
    ] as const) {
      s.peer.send(WAIT, id, body);
      const answer = await s.peer.answer(id);
      assert.equal(hresult(answer.body), "0xc037010d");
      assert.match(String(answer.body.ErrorMessage), pattern);
    }
    assert.deepEqual(s.host.calls, []);
    await s.close();
  });

  it("answers an unknown request with not implemented", async () => {
    const s = await ServedBridge.negotiated();
    const answer = await s.peer.request(0x1010ff01, 2n, { ContainerId: "c" });
    assert.equal(answer.type, 0x2010ff01);
    assert.equal(hresult(answer.body), "0x80004001");
    await s.close();
  });

  it("cuts what hcsshim's host could not read: long errors, long dumps; refuses long lists", async () => {
    const s = await ServedBridge.negotiated();
    s.host.script.startInit = async () => {
      throw new Error("\u0001".repeat(100_000));
    };
    s.host.script.dumpStacks = async () => '"\n'.repeat(100_000);
    s.host.script.processList = async () => Array.from({ length: 10_000 }, (_, i) => i + 1);
    const failed = await s.peer.request(EXECUTE, 2n, { ContainerId: "c", Settings: { ProcessParameters: "{}" } });
    assert.equal(hresult(failed.body), "0x80004005");
    assert.ok(JSON.stringify(failed.body).length + 17 <= 65536);
    const dumped = await s.peer.request(DUMP_STACKS, 3n, { ContainerId: NULL_ID });
    const dumpSize = JSON.stringify(dumped.body).length + 17;
    assert.ok(dumpSize <= 65536 && dumpSize > 60_000, String(dumpSize));
    const query = { ContainerId: "c", Query: '{"PropertyTypes":["ProcessList"]}' };
    assert.equal(hresult((await s.peer.request(GET_PROPERTIES, 4n, query)).body), "0x8007000e");
    await s.close();
  });

  it("sends more to a host that says it reads more", async () => {
    const s = await ServedBridge.negotiated({ MaximumReceiveSize: 1024 * 1024 });
    s.host.script.dumpStacks = async () => "x".repeat(500_000);
    const dumped = await s.peer.request(DUMP_STACKS, 3n, { ContainerId: NULL_ID });
    assert.equal(String(dumped.body.GuestStacks).length, 500_000);
    await s.close();
  });
});
