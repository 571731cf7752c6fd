import assert from "node:assert/strict";
import type { LinuxGuest } from "../../../src/guestmanager/create-guest.ts";
import { turns } from "../../../src/transport/byte-stream-suite.ts";
import { type GuestCase, TYPE, toContainer, toGuest } from "./case.ts";

const stream = { kind: "stream" } as const;
const c1 = (guest: LinuxGuest) => guest.openContainer("c1", { initPid: 5 });
const wait = (to: typeof toGuest, pid: number) =>
  to(TYPE.waitForProcess, `,"ProcessId":${pid},"TimeoutInMs":4294967295`);

export const lcowProcesses: readonly GuestCase<LinuxGuest>[] = [
  {
    shows: "Start, ExecuteProcess of an init with all its streams, and its wait at once",
    send: (guest) =>
      c1(guest).startInit({ emulateConsole: false, stdio: { stdin: stream, stdout: stream, stderr: stream } }),
    wire: [
      toContainer(TYPE.start),
      toContainer(
        TYPE.executeProcess,
        ',"Settings":{"ProcessParameters":"{\\"CreateStdInPipe\\":true,\\"CreateStdOutPipe\\":true,\\"CreateStdErrPipe\\":true}","VsockStdioRelaySettings":{"StdIn":1073741825,"StdOut":1073741826,"StdErr":1073741827}}',
      ),
      wait(toContainer, 7),
    ],
  },
  {
    shows: "ExecuteProcess of another process, without streams: the settings stay, empty",
    send: (guest) =>
      c1(guest).exec({ ociProcess: { terminal: false, args: ["sh", "-c", "a > b"], cwd: "/" }, emulateConsole: false }),
    wire: [
      toContainer(
        TYPE.executeProcess,
        ',"Settings":{"ProcessParameters":"{\\"OciProcess\\":{\\"terminal\\":false,\\"args\\":[\\"sh\\",\\"-c\\",\\"a > b\\"],\\"cwd\\":\\"/\\"}}","VsockStdioRelaySettings":{}}',
      ),
      wait(toContainer, 7),
    ],
  },
  {
    shows: "ExecuteProcess in the guest itself: words, directory, variables",
    send: (guest) =>
      guest.createProcess({
        ...{ commandArgs: ["ls", "-l", ""], workingDirectory: "/run", environment: { PATH: "/bin" } },
        stdio: { stdout: stream },
      }),
    wire: [
      toGuest(
        TYPE.executeProcess,
        ',"Settings":{"ProcessParameters":"{\\"CommandArgs\\":[\\"ls\\",\\"-l\\",\\"\\"],\\"WorkingDirectory\\":\\"/run\\",\\"Environment\\":{\\"PATH\\":\\"/bin\\"},\\"CreateStdOutPipe\\":true}","VsockStdioRelaySettings":{"StdOut":1073741825}}',
      ),
      wait(toGuest, 7),
    ],
  },
  {
    shows: "ExecuteProcess of the client's command: the root, and Linux's own path",
    async send(guest, end) {
      const exitCode = guest.execIntoUvm({ args: ["dmesg"] });
      await end.waitedFor();
      end.exit(3221225477);
      assert.equal(await exitCode, 3221225477);
    },
    wire: [
      toGuest(
        TYPE.executeProcess,
        ',"Settings":{"ProcessParameters":"{\\"CommandArgs\\":[\\"dmesg\\"],\\"WorkingDirectory\\":\\"/\\",\\"Environment\\":{\\"PATH\\":\\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\\"}}","VsockStdioRelaySettings":{}}',
      ),
      wait(toGuest, 7),
    ],
  },
];

/** Requests about what runs already: none of them waits. */
export const lcowContainers: readonly GuestCase<LinuxGuest>[] = [
  {
    shows: "SignalProcess",
    send: (guest) => c1(guest).signal(15),
    wire: [toContainer(TYPE.signalProcess, ',"ProcessId":5,"Options":{"Signal":15}')],
  },
  {
    shows: "GetProperties: processes",
    send: (guest) => c1(guest).processList(),
    wire: [toContainer(TYPE.getProperties, ',"Query":"{\\"PropertyTypes\\":[\\"ProcessList\\"]}"')],
  },
  {
    shows: "GetProperties: statistics",
    send: (guest) => c1(guest).statistics(),
    wire: [toContainer(TYPE.getProperties, ',"Query":"{\\"PropertyTypes\\":[\\"Statistics\\"]}"')],
  },
  {
    shows: "ShutdownGraceful and ShutdownForced of a container",
    async send(guest) {
      await c1(guest).shutdown("graceful");
      await guest.openContainer("c2", { initPid: 5 }).shutdown("forced");
    },
    wire: [
      toContainer(TYPE.shutdownGraceful),
      [TYPE.shutdownForced, '{"ContainerId":"c2","ActivityId":"00000000-0000-0000-0000-000000000000"}\n'],
    ],
  },
  {
    shows: "ResizeConsole: height before width",
    async send(guest) {
      const { resizeConsole } = guest.openProcess("c1", 5, { ports: {} });
      await turns(1);
      await resizeConsole(65535, 24);
    },
    wire: [wait(toContainer, 5), toContainer(TYPE.resizeConsole, ',"ProcessId":5,"Height":24,"Width":65535')],
  },
  { shows: "DumpStacks", send: (guest) => guest.dumpStacks(), wire: [toGuest(TYPE.dumpStacks)] },
  {
    shows: "DeleteContainerState",
    send: (guest) => guest.deleteContainerState("c1"),
    wire: [toContainer(TYPE.deleteContainerState)],
  },
  {
    shows: "ports that another host process took are passed over",
    async send(guest) {
      guest.setNextPort(0x40000010);
      guest.setNextPort(0x40000002);
      await guest.createProcess({ commandArgs: ["x"], stdio: { stderr: stream } });
    },
    wire: [
      toGuest(
        TYPE.executeProcess,
        ',"Settings":{"ProcessParameters":"{\\"CommandArgs\\":[\\"x\\"],\\"CreateStdErrPipe\\":true}","VsockStdioRelaySettings":{"StdErr":1073741840}}',
      ),
      wait(toGuest, 7),
    ],
  },
];
