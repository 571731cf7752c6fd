import { closeSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { CommanderError } from "commander";
import { ShimError } from "../../src/errors/shim-error.ts";
import { createLogger, type Logger } from "../../src/log/logger.ts";
import { deferred, within } from "../../src/orchestration/deadline.ts";
import type { ByteStream } from "../../src/sys/byte-stream.ts";
import { setParentDeathSignal } from "../../src/sys/libc-process.ts";
import { openTap } from "../../src/sys/tap.ts";
import { Server } from "../../src/ttrpc/server.ts";
import { devicesSupported } from "../../src/vmmanager/stacks/qemu/devices/devices.ts";
import { createQemuStack } from "../../src/vmmanager/stacks/qemu/stack.ts";
import { FdRegistry } from "../../src/vmservice/fd-passing/registry.ts";
import { FrontDoor } from "../../src/vmservice/front-door.ts";
import type { VmServicePorts } from "../../src/vmservice/ports.ts";
import { registerVmService } from "../../src/vmservice/vm-service.ts";
import { parseArguments, type ServerArguments } from "./arguments.ts";
import { holdPidfile } from "./pidfile.ts";
import { freshStateDirectory } from "./state-directory.ts";

const REFUSED = 1;
const SIGTERM = 15;
/** For answers that are on their way when the server ends. */
const DRAIN_MS = 5_000;
const TEARDOWN_MS = 30_000;

/** Serves until Quit or a signal; resolves with the exit code. Ready once stdout is closed, as OpenVMM. */
export async function uvmVmservice(args: readonly string[]): Promise<number> {
  try {
    const options = parseArguments(args, (text) => void writeSync(2, text));
    await serveVm(options);
    return 0;
  } catch (error) {
    // commander has said what was wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : REFUSED;
    writeSync(2, `uvm-vmservice: ${ShimError.from(error).message.replaceAll(/\s*\n\s*/g, " ")}\n`);
    return REFUSED;
  }
}

async function serveVm(options: ServerArguments): Promise<void> {
  const { socket, stateDirectory, pidfile } = options;
  const over = deferred<string>();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => over.resolve(signal));
  if (options.endWithParent) endWithParent(over.resolve);
  const undo: (() => void)[] = [];
  if (pidfile !== undefined) undo.push(holdPidfile(pidfile));
  const log = createLogger({ level: options.logLevel, sink: { write: (line) => void writeSync(2, line) } });
  const server = new Server({ onConnectionError: (error) => log.warn("a connection ended badly", { error }) });
  const registry = new FdRegistry();
  const vm = registerVmService(server, portsOf(options, registry, log), () => over.resolve("Quit"));
  try {
    const prepared = deferred<void>();
    const accept = (stream: ByteStream): void => void prepared.promise.then(() => server.accept(stream));
    server.addListener(await FrontDoor.open({ path: socket, registry, log, accept }));
    // Only now: somebody who serves this socket would have his VM's state there.
    undo.push(await freshStateDirectory(stateDirectory));
    prepared.resolve();
    tellReady();
    log.info("serving", { socket });
    log.info("ending", { why: await over.promise });
    await within(vm.quit(), TEARDOWN_MS, "the teardown of the VM");
    await server.shutdown({ signal: AbortSignal.timeout(DRAIN_MS) }).catch(() => undefined);
  } finally {
    server.close();
    for (const step of undo.reverse()) step();
  }
}

function portsOf(
  { stateDirectory, qemu, virtiofsd, accel }: ServerArguments,
  registry: FdRegistry,
  log: Logger,
): VmServicePorts {
  return {
    async createUvm(uvm, { boot: { arguments: kernelArguments, ...boot }, directory }, call) {
      const files = { binary: qemu, virtiofsd, image: dirname(boot.kernel), boot };
      const stack = createQemuStack({ ...files, accel, kernelArguments, ...(directory && { directory }), log });
      return await stack.create(uvm, call);
    },
    supported: devicesSupported,
    openTap,
    registeredFd: (name) => registry.copyOf(name),
    stateDirectory,
    log,
  };
}

/** Who started us reads our stdout until its end. In its place stands /dev/null, as the number would be given again. */
function tellReady(): void {
  closeSync(1);
  openSync("/dev/null", "w");
}

function endWithParent(end: (why: string) => void): void {
  const parent = process.ppid;
  setParentDeathSignal(SIGTERM);
  // It may have ended before we asked.
  if (process.ppid !== parent) end("the parent's end");
}
