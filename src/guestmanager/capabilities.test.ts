import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TYPE, toContainer } from "../../test/golden/guest/case.ts";
import { GuestEnd } from "../../test/golden/guest/guest-end.ts";
import { isKind, ShimError } from "../errors/shim-error.ts";
import { turns } from "../transport/byte-stream-suite.ts";
import { createGuest, type LinuxGuest } from "./create-guest.ts";
import { createWindowsGuest, type WindowsGuest } from "./create-windows-guest.ts";

/** hcsshim's own four; a guest of before them claims none. */
const HCSSHIM = {
  NamespaceAddRequestSupported: true,
  SignalProcessSupported: true,
  DumpStacksSupported: true,
  DeleteContainerStateSupported: true,
};

type Call<G> = readonly [what: string, call: (guest: G) => Promise<unknown>, says: RegExp];

const entropy = new Uint8Array(32);
const container = (guest: Pick<LinuxGuest, "openContainer">) => guest.openContainer("c1", { initPid: 5 });

const old: readonly Call<Pick<LinuxGuest, "dumpStacks" | "deleteContainerState" | "openContainer">>[] = [
  ["stacks", (guest) => guest.dumpStacks(), /no DumpStacksSupported\); cannot dump them/],
  ["a container's state", (guest) => guest.deleteContainerState("c1"), /DeleteContainerStateSupported.* of c1/],
  ["a signal", (guest) => container(guest).signal(1), /no SignalProcessSupported.*send 1/],
];

const oldLinux: readonly Call<LinuxGuest>[] = [
  ...old,
  [
    "a network interface",
    (guest) => guest.addNetworkInterface({ id: "nic", namespaceId: "ns" }),
    /NamespaceAddRequestSupported\); cannot add network interface nic to namespace ns/,
  ],
  [
    "a network interface's removal",
    (guest) => guest.removeNetworkInterface({ id: "nic", namespaceId: "ns" }),
    /cannot remove network interface nic from namespace ns/,
  ],
];

const oldWindows: readonly Call<WindowsGuest>[] = [
  ...old,
  ["a namespace", (guest) => guest.addNetworkNamespace({ id: "ns" }), /cannot add namespace ns/],
  ["a namespace's removal", (guest) => guest.removeNetworkNamespace({ id: "ns" }), /cannot remove namespace ns/],
  ["sources of logs", (guest) => guest.setLogSources("{}"), /LogForwardingSupported.*set its log sources/],
  ["its logs", (guest) => guest.startLogForwarding(), /LogForwardingSupported.*start/],
  ["the end of its logs", (guest) => guest.stopLogForwarding(), /LogForwardingSupported.*stop/],
];

/** What hcsshim's own guests never claim. */
const ours: readonly Call<Pick<LinuxGuest, "openContainer">>[] = [
  ["a freezer", (guest) => container(guest).setFrozen(true), /has no freezer/],
  ["a signal to all", (guest) => container(guest).signal(9, { all: true }), /all processes/],
];

const oursLinux: readonly Call<LinuxGuest>[] = [
  ...ours,
  [
    "an init's stdio with its create",
    (guest) =>
      guest.createContainer(
        "c2",
        { ociBundlePath: "/b", ociSpecification: {} },
        { initStdio: { stdout: { kind: "stream" } } },
      ),
    /takes an init's stdio only at its start/,
  ],
  ["the time", (guest) => guest.resumed({ unixNanoseconds: 1n, entropy }), /can't be told that it was resumed/],
  ["processors", (guest) => guest.setProcessors(2), /how many processors/],
  [
    "a pod's namespaces",
    (guest) => guest.addPod({ id: "p", hostname: "", hosts: "", resolvConf: "" }),
    /run the pod with one/,
  ],
];

const oursWindows: readonly Call<WindowsGuest>[] = [
  ...ours,
  [
    "an init's stdio with its create",
    (guest) => guest.createContainer("c2", { container: {} }, { initStdio: { stdout: { kind: "stream" } } }),
    /takes an init's stdio only at its start/,
  ],
];

async function refused<G extends LinuxGuest | WindowsGuest>(
  os: "Linux" | "Windows",
  create: (options: Parameters<typeof createGuest>[0]) => G,
  claims: object,
  [, call, says]: Call<G>,
): Promise<void> {
  const end = new GuestEnd({ RuntimeOsType: os, GuestDefinedCapabilities: claims });
  const guest = await end.connect(create);
  end.requests.length = 0;
  await assert.rejects(call(guest), (error) => {
    assert.ok(error instanceof ShimError);
    assert.match(error.message, says);
    return isKind(error, "unimplemented") || isKind(error, "failed-precondition");
  });
  await turns(3);
  assert.deepEqual(end.requests, [], "nothing of it is on the wire");
  await end.close();
}

describe("a guest is not asked for what it does not claim", () => {
  for (const given of oldLinux) {
    it(`Linux, older than hcsshim's: ${given[0]}`, () => refused("Linux", createGuest, {}, given));
  }
  for (const given of oursLinux) {
    it(`Linux, hcsshim's: ${given[0]}`, () => refused("Linux", createGuest, HCSSHIM, given));
  }
  for (const given of oldWindows) {
    it(`Windows, older: ${given[0]}`, () => refused("Windows", createWindowsGuest, {}, given));
  }
  for (const given of oursWindows) {
    it(`Windows: ${given[0]}`, () => refused("Windows", createWindowsGuest, HCSSHIM, given));
  }

  it("tells what a Windows guest claims; nothing of ours, whatever it says of itself beside", async () => {
    const end = new GuestEnd({
      RuntimeOsType: "Windows",
      GuestDefinedCapabilities: { ...HCSSHIM, LogForwardingSupported: true, HostProcessContainerSupported: true },
    });
    const guest = await end.connect(createWindowsGuest);
    const claimed = Object.entries(guest.capabilities()).filter(([, has]) => has);
    assert.deepEqual(claimed.map(([name]) => name).sort(), [
      ...["deleteContainerStateSupported", "dumpStacksSupported", "hostProcessContainerSupported"],
      ...["logForwardingSupported", "namespaceAddRequestSupported", "signalProcessSupported"],
    ]);
    await end.close();
  });
});

describe("signals", () => {
  const send = async (os: "Linux" | "Windows", claims: object, signal: number) => {
    const end = new GuestEnd({ RuntimeOsType: os, GuestDefinedCapabilities: claims });
    const guest = os === "Linux" ? await end.connect(createGuest) : await end.connect(createWindowsGuest);
    end.requests.length = 0;
    const process = guest.openContainer("c1", { initPid: 5 });
    try {
      return [await process.signal(signal), end.requests] as const;
    } finally {
      await end.close();
    }
  };
  const kill = [true, [toContainer(TYPE.signalProcess, ',"ProcessId":5')]] as const;

  for (const os of ["Linux", "Windows"] as const) {
    for (const signal of [9, 15, 6]) {
      it(`${signal} is a kill for a ${os} guest that takes none`, async () =>
        assert.deepEqual(await send(os, {}, signal), kill));
    }
    it(`one that the ${os} guest no longer finds the process for was not sent`, async () => {
      const end = new GuestEnd({ RuntimeOsType: os, GuestDefinedCapabilities: HCSSHIM });
      end.answers.set(TYPE.signalProcess, { Result: 0x80070490 | 0, ErrorMessage: "gone" });
      const guest = os === "Linux" ? await end.connect(createGuest) : await end.connect(createWindowsGuest);
      assert.equal(await guest.openContainer("c1", { initPid: 5 }).signal(15), false);
      await end.close();
    });
  }

  const events: readonly (readonly [number, string])[] = [
    ...([
      [0, "CtrlC"],
      [1, "CtrlBreak"],
      [2, "CtrlClose"],
      [5, "CtrlLogOff"],
      [6, "CtrlShutdown"],
    ] as const),
    [15, "CtrlShutdown"],
  ];
  for (const [signal, name] of events) {
    it(`${signal} is ${name} in Windows`, async () => {
      const [, requests] = await send("Windows", HCSSHIM, signal);
      assert.deepEqual(requests, [toContainer(TYPE.signalProcess, `,"ProcessId":5,"Options":{"Signal":"${name}"}`)]);
    });
  }
  for (const signal of [2 ** 31 - 1, 3, 4, 7, 10, 12, 28]) {
    it(`${signal} is none in Windows`, async () => {
      await assert.rejects(send("Windows", HCSSHIM, signal), (error) => isKind(error, "invalid-argument"));
    });
  }
});
