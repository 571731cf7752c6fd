import assert from "node:assert/strict";
import type { WindowsGuest } from "../../../src/guestmanager/create-windows-guest.ts";
import { type GuestCase, TYPE, toContainer, toGuest } from "./case.ts";

const stream = { kind: "stream" } as const;
const c1 = (guest: WindowsGuest) => guest.openContainer("c1", { initPid: 5 });
const wait = (to: typeof toGuest) => to(TYPE.waitForProcess, ',"ProcessId":7,"TimeoutInMs":4294967295');
const updated = (request: string) => toContainer(TYPE.modifySettings, `,"Request":${request}`);

export const wcowContainers: readonly GuestCase<WindowsGuest>[] = [
  {
    shows: "Create: a hosted system in a string",
    send: (guest) =>
      guest.createContainer("c1", {
        container: { Storage: { Layers: [{ Id: "a", Path: "C:\\l" }], Path: "C:\\r" }, Memory: { SizeInMB: 512n } },
      }),
    wire: [
      toContainer(
        TYPE.create,
        `,"ContainerConfig":"{\\"SchemaVersion\\":{\\"Major\\":2,\\"Minor\\":1},\\"Container\\":{\\"Storage\\":{\\"Layers\\":[{\\"Id\\":\\"a\\",\\"Path\\":\\"C:\\\\\\\\l\\"}],\\"Path\\":\\"C:\\\\\\\\r\\"},\\"Memory\\":{\\"SizeInMB\\":512}}}"`,
      ),
    ],
  },
  {
    shows: "Create: for a confidential guest, with the OCI spec",
    send: (guest) => guest.createContainer("c1", { container: {}, ociSpecification: { ociVersion: "1.1.0" } }),
    wire: [
      toContainer(
        TYPE.create,
        ',"ContainerConfig":"{\\"Spec\\":{\\"ociVersion\\":\\"1.1.0\\"},\\"CWCOWHostedSystem\\":{\\"SchemaVersion\\":{\\"Major\\":2,\\"Minor\\":1},\\"Container\\":{}}}"',
      ),
    ],
  },
  {
    shows: "Start, ExecuteProcess of an init: a command line, services for streams, and its wait at once",
    send: (guest) =>
      c1(guest).startInit({
        emulateConsole: false,
        stdio: { stdin: stream, stdout: stream, stderr: stream },
        ociProcess: {
          ...{ args: ["C:\\Program Files\\a.exe", 'say "hi"', "", "plain", "C:\\dir with\\"], cwd: "C:\\" },
          ...{ env: ["A=1", "EMPTY=", "B=x=y"], user: { username: "ContainerUser" } },
        },
      }),
    wire: [
      toContainer(TYPE.start),
      toContainer(
        TYPE.executeProcess,
        `,"Settings":{"ProcessParameters":${JSON.stringify(
          String.raw`{"CommandLine":"\"C:\\Program Files\\a.exe\" \"say \\\"hi\\\"\" \"\" plain \"C:\\dir with\\\\\"","User":"ContainerUser","WorkingDirectory":"C:\\","Environment":{"A":"1","B":"x=y"},"CreateStdInPipe":true,"CreateStdOutPipe":true,"CreateStdErrPipe":true}`,
        )},"StdioRelaySettings":{"StdIn":"40000001-facb-11e6-bd58-64006a7986d3","StdOut":"40000002-facb-11e6-bd58-64006a7986d3","StdErr":"40000003-facb-11e6-bd58-64006a7986d3"}}`,
      ),
      wait(toContainer),
    ],
  },
  {
    shows: "ExecuteProcess of a command line as it was given, on a console: its height first",
    send: (guest) =>
      c1(guest).exec({
        ociProcess: {
          ...{ commandLine: "cmd /c dir", args: ["ignored"], cwd: "C:\\w", terminal: true },
          consoleSize: { height: 25, width: 80 },
        },
        ...{ emulateConsole: true, stdio: { stdout: stream } },
      }),
    wire: [
      toContainer(
        TYPE.executeProcess,
        ',"Settings":{"ProcessParameters":"{\\"CommandLine\\":\\"cmd /c dir\\",\\"WorkingDirectory\\":\\"C:\\\\\\\\w\\",\\"EmulateConsole\\":true,\\"CreateStdOutPipe\\":true,\\"ConsoleSize\\":[25,80]}","StdioRelaySettings":{"StdOut":"40000001-facb-11e6-bd58-64006a7986d3"}}',
      ),
      wait(toContainer),
    ],
  },
  {
    shows: "ExecuteProcess in the guest itself, without streams: the settings stay, empty",
    send: (guest) => guest.createProcess({ commandArgs: ["ipconfig", "/all"], user: "NT AUTHORITY\\SYSTEM" }),
    wire: [
      toGuest(
        TYPE.executeProcess,
        ',"Settings":{"ProcessParameters":"{\\"CommandLine\\":\\"ipconfig /all\\",\\"User\\":\\"NT AUTHORITY\\\\\\\\SYSTEM\\"}","StdioRelaySettings":{}}',
      ),
      wait(toGuest),
    ],
  },
  {
    shows: "ExecuteProcess of the client's command: as the system, in its root",
    async send(guest, end) {
      const exitCode = guest.execIntoUvm({ args: ["whoami"] });
      await end.waitedFor();
      end.exit(3221225477);
      assert.equal(await exitCode, 3221225477);
    },
    wire: [
      toGuest(
        TYPE.executeProcess,
        ',"Settings":{"ProcessParameters":"{\\"CommandLine\\":\\"whoami\\",\\"User\\":\\"NT AUTHORITY\\\\\\\\SYSTEM\\",\\"WorkingDirectory\\":\\"C:\\\\\\\\\\"}","StdioRelaySettings":{}}',
      ),
      wait(toGuest),
    ],
  },
  {
    shows: "SignalProcess: SIGTERM is a shutdown of the console",
    send: (guest) => c1(guest).signal(15),
    wire: [toContainer(TYPE.signalProcess, ',"ProcessId":5,"Options":{"Signal":"CtrlShutdown"}')],
  },
  {
    shows: "SignalProcess: a console event by its number",
    send: (guest) => c1(guest).signal(0),
    wire: [toContainer(TYPE.signalProcess, ',"ProcessId":5,"Options":{"Signal":"CtrlC"}')],
  },
  {
    shows: "SignalProcess: SIGKILL has no options",
    send: (guest) => c1(guest).signal(9),
    wire: [toContainer(TYPE.signalProcess, ',"ProcessId":5')],
  },
  {
    shows: "ModifySettings of a container's memory: by path, in whole pairs of MiB",
    send: (guest) => c1(guest).updateResources({ memory: { limit: 537919488n } }),
    wire: [updated('{"ResourcePath":"Container/Memory/SizeInMB","RequestType":"Update","Settings":514}')],
  },
  {
    shows: "ModifySettings of a container's processors",
    send: (guest) => c1(guest).updateResources({ cpu: { maximum: 5000 } }),
    wire: [updated('{"ResourcePath":"Container/Processor","RequestType":"Update","Settings":{"Maximum":5000}}')],
  },
  {
    shows: "GetProperties: statistics",
    send: (guest) => c1(guest).statistics(),
    wire: [toContainer(TYPE.getProperties, ',"Query":"{\\"PropertyTypes\\":[\\"Statistics\\"]}"')],
  },
];
