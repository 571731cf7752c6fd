import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { until } from "../../../../../test/harness/until.ts";
import { StandIn } from "../../../../../test/windows/stand-in.ts";
import { ShimError } from "../../../../errors/shim-error.ts";
import { type ComputeEvent, type ComputeSystem, EventType } from "./compute-core.ts";
import { hostComputeCore } from "./hcs-compute-core.ts";
import { HcsError } from "./hcs-error.ts";

const core = hostComputeCore();
const standIn = new StandIn();
const configuration = JSON.stringify({ Owner: "test", ShouldTerminateOnLastHandleClosed: true, VirtualMachine: {} });
let count = 0;
const nextId = () => `vm-${++count}`;

/** Events as they come, with a wait for the next one of a type. */
function eventsOf(system: ComputeSystem) {
  const all: ComputeEvent[] = [];
  const waits: { type: number; resolve: (event: ComputeEvent) => void }[] = [];
  system.onEvent((event) => {
    all.push(event);
    for (const wait of waits.filter(({ type }) => type === event.type)) wait.resolve(event);
  });
  const next = (type: number) => new Promise<ComputeEvent>((resolve) => waits.push({ type, resolve }));
  return { all, next };
}

/** The last of them in the log. */
function lineOf(id: string, kind: "call" | "done", name: string): number {
  return standIn.log().findLastIndex((entry) => entry.id === id && entry[kind] === name);
}

async function thrown(work: Promise<unknown>): Promise<ShimError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ShimError, `${error}`);
  return error;
}

afterEach(() => {
  assert.deepEqual(standIn.live(), { systems: 0, operations: 0, strings: 0 });
  assert.deepEqual(
    standIn.log().filter(({ bug }) => bug !== undefined),
    [],
  );
});

test("a system is created, started, paused, saved, resumed, modified, asked, terminated and closed, each by the host's own call and document", async () => {
  const id = nextId();
  const system = await core.createComputeSystem(id, configuration);
  const { next } = eventsOf(system);
  await system.start();
  await system.modify('{"ResourcePath":"VirtualMachine/x","RequestType":"Add"}');
  assert.equal(JSON.parse(await system.getProperties("")).State, "Running");
  await system.pause('{"SuspensionLevel":"Suspend"}');
  const file = join(process.env.UVM_TEST_DIRECTORY ?? "", "state.vmrs");
  await system.save(JSON.stringify({ SaveType: "ToFile", SaveStateFilePath: file }));
  assert.ok(existsSync(file));
  await system.resume();
  assert.match(await core.enumerateComputeSystems(""), /^\[\{"Id":"vm-1","State":"Running"\}\]$/);
  const exited = next(EventType.systemExited);
  await system.terminate();
  assert.equal(JSON.parse((await exited).data).ExitType, "ForcedExit");
  await system.close();
  await system.close();
  assert.deepEqual(
    standIn
      .log()
      .filter(({ call, id: of }) => call !== undefined && of === id)
      .map(({ call, document, result }) => [call, document, result]),
    [
      ["HcsCreateComputeSystem", configuration, 0],
      ["HcsSetComputeSystemCallback", undefined, 0],
      ["HcsStartComputeSystem", undefined, 0],
      ["HcsModifyComputeSystem", '{"ResourcePath":"VirtualMachine/x","RequestType":"Add"}', 0],
      ["HcsGetComputeSystemProperties", undefined, 0],
      ["HcsPauseComputeSystem", '{"SuspensionLevel":"Suspend"}', 0],
      ["HcsSaveComputeSystem", JSON.stringify({ SaveType: "ToFile", SaveStateFilePath: file }), 0],
      ["HcsResumeComputeSystem", undefined, 0],
      ["HcsTerminateComputeSystem", undefined, 0],
      ["HcsCloseComputeSystem", undefined, 0],
    ],
  );
});

test("text passes in UTF-16 both ways, also beyond the first plane and 200 000 characters long", async () => {
  const id = `vm-ü-日本-😀-${nextId()}`;
  const long = JSON.stringify({ Owner: "Ω😀".repeat(66_000), ShouldTerminateOnLastHandleClosed: true });
  const system = await core.createComputeSystem(id, long);
  assert.equal(JSON.parse(await system.getProperties("")).Id, id);
  standIn.answerNext("HcsGetComputeSystemProperties", { document: long });
  assert.equal(await system.getProperties("{}"), long);
  await system.close();
  assert.equal(
    standIn.log().find(({ call, id: of }) => call === "HcsCreateComputeSystem" && of === id)?.document,
    long,
  );
});

test("an HRESULT becomes a kind, and the result document's message is in the error's", async () => {
  const system = await core.createComputeSystem(nextId(), configuration);
  standIn.answerNext("HcsStartComputeSystem", {
    ...{ hresult: 0x8037_011b },
    document: JSON.stringify({
      Error: -2143878885,
      ErrorMessage: "no access",
      ErrorEvents: [{ Message: "to kernel" }],
    }),
  });
  const error = await thrown(system.start());
  assert.ok(error instanceof HcsError);
  assert.deepEqual([error.kind, error.hresult], ["permission-denied", 0x8037_011b]);
  assert.match(error.message, /HcsStartComputeSystem.*0x8037011b.*no access.*to kernel/);
  // By the call itself, before there is an operation.
  standIn.answerNext("HcsStartComputeSystem", { hresult: 0x8037_0105, atOnce: true });
  assert.equal((await thrown(system.start())).kind, "failed-precondition");
  await system.start();
  assert.equal((await thrown(system.resume())).kind, "failed-precondition");
  await system.close();
  const closed = await thrown(system.start());
  assert.equal(closed.kind, "failed-precondition");
  assert.match(closed.message, /is closed/);
});

test("a creation that fails, by the call or by its operation, gives its handle back", async () => {
  const id = nextId();
  standIn.answerNext("HcsCreateComputeSystem", { hresult: 0x8007_000e, atOnce: true });
  assert.equal((await thrown(core.createComputeSystem(id, configuration))).kind, "resource-exhausted");
  standIn.answerNext("HcsCreateComputeSystem", { hresult: 0x8037_010d, document: '{"ErrorMessage":"bad Owner"}' });
  assert.match((await thrown(core.createComputeSystem(id, configuration))).message, /bad Owner/);
  const first = await core.createComputeSystem(id, configuration);
  assert.equal((await thrown(core.createComputeSystem(id, configuration))).kind, "already-exists");
  await first.close();
});

test("what is aborted goes on to its end: a creation is closed then, a close waits for it", async () => {
  const id = nextId();
  standIn.answerNext("HcsCreateComputeSystem", { delayMs: 300 });
  const creation = new AbortController();
  const created = core.createComputeSystem(id, configuration, { signal: creation.signal });
  creation.abort();
  assert.equal((await thrown(created)).kind, "canceled");
  await until("the creation's system to be closed", () => lineOf(id, "call", "HcsCloseComputeSystem") >= 0);
  assert.ok(lineOf(id, "done", "HcsCreateComputeSystem") < lineOf(id, "call", "HcsCloseComputeSystem"));

  const system = await core.createComputeSystem(id, configuration);
  standIn.answerNext("HcsStartComputeSystem", { delayMs: 700 });
  const start = new AbortController();
  const started = system.start({ signal: start.signal });
  start.abort(new DOMException("too late", "TimeoutError"));
  assert.equal((await thrown(started)).kind, "deadline-exceeded");
  await system.close();
  const done = lineOf(id, "done", "HcsStartComputeSystem");
  assert.ok(done > 0 && done < lineOf(id, "call", "HcsCloseComputeSystem"));
});

test("events come in order, with those from before there was a listener, and copied before HCS takes them back", async () => {
  const id = nextId();
  const system = await core.createComputeSystem(id, configuration);
  await system.start();
  standIn.fireEvent(id, 4, null);
  await until("the event to be delivered", () =>
    standIn.log().some(({ event, id: of }) => of === id && event === "0x4"),
  );
  const { all, next } = eventsOf(system);
  assert.deepEqual(all, [{ type: 4, data: "" }]);
  const exited = next(EventType.systemExited);
  await system.crash('{"Type":"CrashGuest"}');
  assert.equal(JSON.parse((await exited).data).ExitType, "UnexpectedExit");
  standIn.fireEvent(id, 0xc000_0001, "{}");
  await next(0xc000_0001);
  assert.deepEqual(
    all.map(({ type }) => type),
    [4, EventType.systemCrashInitiated, EventType.systemCrashReport, EventType.systemExited, 0xc000_0001],
  );
  assert.equal(all[2]?.data, '{"CrashLog":"NMI"}');
  await system.close();
});

test("a close while events come in waits for them off this thread, and forgets none", async () => {
  const id = nextId();
  const system = await core.createComputeSystem(id, configuration);
  const { all } = eventsOf(system);
  for (let i = 0; i < 300; i++) standIn.fireEvent(id, 4, JSON.stringify({ i }));
  await system.close();
  assert.deepEqual(
    all.map(({ data }) => JSON.parse(data).i),
    Array.from({ length: 300 }, (_, i) => i),
  );
});

test("300 threads of HCS may stand still at once", async () => {
  const id = nextId();
  const first = await core.createComputeSystem(id, configuration);
  const others = await Promise.all(Array.from({ length: 299 }, () => core.openComputeSystem(id)));
  const told = [first, ...others].map((system) => eventsOf(system).next(4));
  standIn.fireEvent(id, 4, "{}");
  // All of them come in before the first is let go.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  await Promise.all(told);
  await Promise.all([first, ...others].map((system) => system.close()));
});

test("a second handle of a system sees its events, and the system lives on without the first if its document says so", async () => {
  const id = nextId();
  const first = await core.createComputeSystem(id, JSON.stringify({ Owner: "test" }));
  await first.start();
  await first.close();
  const second = await core.openComputeSystem(id);
  const exited = eventsOf(second).next(EventType.systemExited);
  await second.shutDown("");
  assert.equal(JSON.parse((await exited).data).ExitType, "GracefulExit");
  assert.equal((await thrown(second.terminate())).kind, "failed-precondition");
  await second.close();
  assert.equal((await thrown(core.openComputeSystem(id))).kind, "not-found");
});

test("40 systems at once: the event loop, files and timers go on meanwhile", async () => {
  let [ticks, files, busy] = [0, 0, true];
  const timer = setInterval(() => ticks++, 5);
  const reader = (async () => {
    for (; busy; files++) {
      await stat(process.execPath);
      await delay(5);
    }
  })();
  await Promise.all(
    Array.from({ length: 40 }, async () => {
      const system = await core.createComputeSystem(nextId(), configuration);
      const exited = eventsOf(system).next(EventType.systemExited);
      await system.start();
      standIn.answerNext("HcsPauseComputeSystem", { delayMs: 1500 });
      await system.pause("");
      await system.terminate();
      await exited;
      await system.close();
    }),
  );
  busy = false;
  await reader;
  clearInterval(timer);
  assert.ok(ticks > 20, `${ticks} ticks`);
  // With each wait on a thread of the pool a file takes seconds.
  assert.ok(files > 15, `${files} files`);
});

test("the calls without an operation: service, state files, access", () => {
  assert.match(core.getServiceProperties('{"PropertyTypes":["Basic"]}'), /SupportedSchemaVersions/);
  const file = join(process.env.UVM_TEST_DIRECTORY ?? "", "empty.vmrs");
  core.createEmptyRuntimeStateFile(file);
  assert.ok(readFileSync(file).length > 0);
  core.createEmptyGuestStateFile(join(process.env.UVM_TEST_DIRECTORY ?? "", "empty.vmgs"));
  core.grantVmAccess("vm", file);
  core.revokeVmAccess("vm", file);
  standIn.answerNext("HcsGrantVmAccess", { hresult: 0x8007_0005, atOnce: true });
  assert.throws(() => core.grantVmAccess("vm", file), { kind: "permission-denied" });
  assert.throws(() => core.createEmptyRuntimeStateFile("Z:\\no\\such\\directory\\x"), { kind: "not-found" });
});
