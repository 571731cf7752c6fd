import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TYPE } from "../../test/golden/guest/case.ts";
import { GuestEnd } from "../../test/golden/guest/guest-end.ts";
import { isKind, type ShimError } from "../errors/shim-error.ts";
import { WINDOWS_SIDECAR_GCS_SERVICE_ID } from "../prot/hvsocket.ts";
import { createMemorySockets } from "../transport/memory.ts";
import { createGuest, type LinuxGuest } from "./create-guest.ts";
import { createWindowsGuest, type WindowsGuest } from "./create-windows-guest.ts";

const GuestDefinedCapabilities = {
  NamespaceAddRequestSupported: true,
  SignalProcessSupported: true,
  DumpStacksSupported: true,
  DeleteContainerStateSupported: true,
  LogForwardingSupported: true,
};
const saying = (RuntimeOsType: string) => ({ RuntimeOsType, GuestDefinedCapabilities });

const c1 = (guest: LinuxGuest | WindowsGuest) => guest.openContainer("c1", { initPid: 5 });
const inGuest = (guest: LinuxGuest | WindowsGuest) => guest.createProcess({ commandArgs: ["x"] });
const statistics = (guest: LinuxGuest | WindowsGuest) => c1(guest).statistics();

const answers: readonly (readonly [
  what: string,
  type: number,
  answer: object | string,
  call: (guest: LinuxGuest | WindowsGuest) => Promise<unknown>,
  says: RegExp,
])[] = [
  ["no JSON", TYPE.dumpStacks, "goroutine 1", (guest) => guest.dumpStacks(), /is not JSON/],
  ["cut JSON", TYPE.dumpStacks, '{"Result":0,"GuestSt', (guest) => guest.dumpStacks(), /is not JSON/],
  ["nothing", TYPE.dumpStacks, "", (guest) => guest.dumpStacks(), /is not JSON/],
  ["a list", TYPE.dumpStacks, "[]", (guest) => guest.dumpStacks(), /is an array; wanted an object/],
  [
    "stacks that are no text",
    TYPE.dumpStacks,
    { GuestStacks: 1 },
    (guest) => guest.dumpStacks(),
    /GuestStacks is number/,
  ],
  ["a Result in words", TYPE.dumpStacks, { Result: "0" }, (guest) => guest.dumpStacks(), /Result is string/],
  ["a Result beyond 32 bits", TYPE.dumpStacks, { Result: 2 ** 40 }, (guest) => guest.dumpStacks(), /Result is number/],
  ["a pid in words", TYPE.executeProcess, { ProcessId: "7" }, inGuest, /ProcessId is string/],
  ["a negative pid", TYPE.executeProcess, { ProcessId: -1 }, inGuest, /ProcessId is number -1/],
  ["a broken pid", TYPE.executeProcess, { ProcessId: 1.5 }, inGuest, /ProcessId is number 1\.5/],
  [
    "properties that are no text",
    TYPE.getProperties,
    { Properties: {} },
    statistics,
    /Properties is object; wanted a string/,
  ],
  ["properties that hold no JSON", TYPE.getProperties, { Properties: "{" }, statistics, /Properties is not JSON/],
  ["properties that hold no object", TYPE.getProperties, { Properties: "[]" }, statistics, /Properties is an array/],
  [
    "processes that are none",
    TYPE.getProperties,
    { Properties: '{"ProcessList":[{"ProcessId":"1"}]}' },
    (guest) => c1(guest).processList(),
    /ProcessList\[0\]\.ProcessId is string/,
  ],
  [
    "error records that are no list",
    TYPE.deleteContainerState,
    { Result: -1, ErrorRecords: {} },
    (guest) => guest.deleteContainerState("c1"),
    /ErrorRecords is object; wanted an array/,
  ],
  [
    "a policy's answer that is none",
    TYPE.modifySettings,
    "null",
    (guest) => guest.addSecurityPolicy({}),
    /wanted an object/,
  ],
];

describe("an answer that is none ends the bridge", () => {
  for (const os of ["Linux", "Windows"] as const) {
    for (const [what, type, answer, call, says] of answers) {
      it(`${os}: ${what}`, async () => {
        const end = new GuestEnd(saying(os));
        end.answers.set(type, answer);
        const guest = os === "Linux" ? await end.connect(createGuest) : await end.connect(createWindowsGuest);
        await assert.rejects(call(guest), (error) => isKind(error, "unavailable") && says.test(String(error)));
        assert.match(String(await guest.disconnected), says);
        assert.equal(guest.isBridgeConnected(), false);
        await assert.rejects(guest.dumpStacks(), (error) => isKind(error, "unavailable"));
        guest.closeConnection();
      });
    }
  }
});

describe("a guest that is none of ours to drive is refused", () => {
  const refusals: readonly (readonly [what: string, negotiated: object | string, ShimError["kind"], RegExp])[] = [
    ["another version", { Version: 3, Capabilities: saying("Linux") }, "unimplemented", /chose version 3/],
    ["no version", { Capabilities: saying("Linux") }, "unimplemented", /chose version 0/],
    ["another system", { Version: 4, Capabilities: saying("Plan 9") }, "unimplemented", /runs "Plan 9"/],
    ["a Windows one", { Version: 4, Capabilities: saying("windows") }, "failed-precondition", /made for linux/],
    ["one that does not tell", { Version: 4, Capabilities: saying("") }, "failed-precondition", /runs windows/],
    ["capabilities that are none", { Version: 4, Capabilities: [] }, "unavailable", /Capabilities is an array/],
    [
      "a capability that is no truth",
      { Version: 4, Capabilities: { RuntimeOsType: "Linux", GuestDefinedCapabilities: { DumpStacksSupported: 1 } } },
      "unavailable",
      /DumpStacksSupported is number 1/,
    ],
    ["no JSON", "hello", "unavailable", /is not JSON/],
    ["an error", { Result: 0xc037010c | 0, ErrorMessage: "no" }, "unimplemented", /no \(0xc037010c\)/],
  ];
  for (const [what, negotiated, kind, says] of refusals) {
    it(what, async () => {
      const end = new GuestEnd({});
      end.answers.set(TYPE.negotiateProtocol, negotiated);
      const connecting = end.connect(createGuest);
      await assert.rejects(connecting, (error) => {
        assert.match(String(error), says);
        return isKind(error, kind);
      });
    });
  }

  it("a Linux one where a Windows one was to come", async () => {
    const end = new GuestEnd(saying("Linux"));
    await assert.rejects(end.connect(createWindowsGuest), /runs linux; cannot drive it: its VM was made for windows/);
  });

  for (const told of ["Windows", "windows", "WINDOWS", ""]) {
    it(`not a Windows one that says ${JSON.stringify(told)}`, async () => {
      const end = new GuestEnd(saying(told));
      assert.equal((await end.connect(createWindowsGuest)).os, "windows");
      await end.close();
    });
  }

  it("one that can't be created, though it asks for it", async () => {
    const end = new GuestEnd({ ...saying("Windows"), SendHostCreateMessage: true, SendHostStartMessage: true });
    end.answers.set(TYPE.create, { Result: 0x80370105 | 0, ErrorMessage: "not now" });
    await assert.rejects(end.connect(createWindowsGuest), /Create failed in the guest: not now/);
    assert.equal(end.requests.length, 2, "it is not started");
  });
});

describe("a Windows guest", () => {
  it("is listened for at its own service; its sidecar at another", () => {
    const { host } = createMemorySockets();
    const services: string[] = [];
    const listenService = (serviceId: string) => {
      services.push(serviceId);
      return host.listen(services.length);
    };
    const sockets = { listen: host.listen, listenService };
    const listen = () => listenService(WINDOWS_SIDECAR_GCS_SERVICE_ID);
    for (const options of [{ sockets }, { sockets, listen }]) {
      const guest = createWindowsGuest(options);
      guest.prepareConnection();
      guest.prepareConnection();
      guest.closeConnection();
    }
    assert.deepEqual(services, ["acef5661-84a1-4e44-856b-6245e69f4620", "ae8da506-a019-4553-a52b-902bc0fa0411"]);
  });
});

describe("a Windows container", () => {
  it("has an init that somebody names", async () => {
    const end = new GuestEnd(saying("Windows"));
    const guest = await end.connect(createWindowsGuest);
    end.requests.length = 0;
    await assert.rejects(c1(guest).startInit({ emulateConsole: false }), (error) => isKind(error, "invalid-argument"));
    assert.deepEqual(end.requests, []);
    await end.close();
  });

  it("tells the HCS schema's statistics, none of Linux's", async () => {
    const end = new GuestEnd(saying("Windows"));
    const Properties = '{"Statistics":{"Uptime100ns":18446744073709551615},"LCOWMetrics":{}}';
    end.answers.set(TYPE.getProperties, { Properties });
    const guest = await end.connect(createWindowsGuest);
    assert.deepEqual(await statistics(guest), { windows: { Uptime100ns: 18446744073709551615n } });
    await end.close();
  });

  const updates: readonly (readonly [what: string, resources: object, ShimError["kind"]])[] = [
    ["count and maximum", { cpu: { count: 1, maximum: 5000 } }, "invalid-argument"],
    ["no rate at all", { cpu: {} }, "invalid-argument"],
    ["certain processors", { cpu: { affinity: [{ mask: 1 }] } }, "unimplemented"],
    [
      "memory, and an impossible rate",
      { memory: { limit: 1 << 30 }, cpu: { shares: 1, count: 1 } },
      "invalid-argument",
    ],
  ];
  for (const [what, resources, kind] of updates) {
    it(`is not bound to ${what}; nothing of it is sent`, async () => {
      const end = new GuestEnd(saying("Windows"));
      const guest = await end.connect(createWindowsGuest);
      end.requests.length = 0;
      await assert.rejects(c1(guest).updateResources(resources), (error) => isKind(error, kind));
      assert.deepEqual(end.requests, []);
      await end.close();
    });
  }
});
