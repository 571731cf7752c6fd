import { existsSync, mkdirSync } from "node:fs";
import { removeVm } from "#os/src/shim/remains.ts";
import { spawnDaemon } from "#os/src/shim/spawn-daemon.ts";
import { runtime } from "#runtime";
import type { Settings } from "../../../src/config/settings.ts";
import { alreadyExists, invalidArgument, ShimError } from "../../../src/errors/shim-error.ts";
import { within } from "../../../src/orchestration/deadline.ts";
import { checkIdentifier } from "../../../src/shim/flags.ts";
import { childEnvironment, ownCommand } from "../../../src/shim/identity.ts";
import { writeDaemonRecord } from "../../../src/shim/records.ts";
import { startTime } from "../../../src/sys/process.ts";
import { writeRecord } from "../../../src/sys/record-file.ts";
import type { Client } from "../../../src/ttrpc/client.ts";
import { connect } from "../../../src/ttrpc/socket.ts";
import type { Session } from "../session.ts";
import { settingsPath } from "./keep.ts";
import { alone, clearDead, livingRecord, socketOf, stateOf } from "./records.ts";

/** A keeper listens after the load of its code. */
const READY_MS = 30_000;
/** sockaddr_un's. */
const MAX_SOCKET_PATH = 107;

/**
 * Starts the keeper of a new VM, a daemon of its own session, and connects to it. It leaves by itself where nobody boots
 * its VM. Throws already-exists.
 */
export async function startKeeper(
  vmDirectory: string,
  name: string,
  settings: Settings,
  session: Session,
): Promise<Client> {
  checkIdentifier("the VM's name", name);
  const directory = stateOf(vmDirectory, name);
  const socketPath = socketOf(directory);
  if (Buffer.byteLength(socketPath) > MAX_SOCKET_PATH) {
    throw invalidArgument(`${socketPath} is too long for a socket's path: use a shorter name, or --vm-directory`);
  }
  const launched = await alone(vmDirectory, async () => {
    await clearDead(vmDirectory, [name], session);
    if (livingRecord(vmDirectory, name) !== undefined || existsSync(directory)) {
      throw alreadyExists(`a VM ${name} runs already; cannot make another: uvmctl stop ${name}, or use --name`);
    }
    mkdirSync(directory, { mode: 0o700 });
    writeRecord(settingsPath(directory), settings);
    const command = [...ownCommand(), ...ownProgram(), "keeper", directory, name];
    const keeper = await spawnDaemon(runtime, command, { cwd: "/", env: childEnvironment(process.env) });
    const { pid } = keeper.child;
    // By us, with the lock: who comes next sees a keeper that lives.
    const record = { pid, startTime: startTime(pid) ?? 0n, stack: settings.stack, socketPath, bundle: "" };
    writeDaemonRecord(directory, record);
    return keeper;
  });
  try {
    const answer = await within(launched.answer, READY_MS, `the start of the keeper of VM ${name}`);
    if (answer.kind === "failed") throw new ShimError(answer.error, answer.message);
    if (answer.kind === "nothing") throw new ShimError("internal", `the keeper of VM ${name} died as it started`);
    return await connect(socketPath);
  } catch (cause) {
    launched.child.kill(9);
    await launched.child.exited;
    await removeVm(directory);
    throw cause;
  } finally {
    launched.close();
  }
}

/** How the shim's executable was told to be uvmctl; nothing where uvmctl is a script of its own. */
function ownProgram(): string[] {
  return process.argv[2] === "uvmctl" ? ["uvmctl"] : [];
}
