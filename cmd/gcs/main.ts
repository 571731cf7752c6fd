import { openSync, readFileSync, writeSync } from "node:fs";
import { runtime } from "#runtime";
import { ShimError, unavailable } from "../../src/errors/shim-error.ts";
import { bootArguments } from "../../src/gcs/agent/boot-arguments.ts";
import { createGcs } from "../../src/gcs/gcs.ts";
import { systemMachine } from "../../src/gcs/machine/system-machine.ts";
import { linkByMac } from "../../src/gcs/network/links.ts";
import { runProgram } from "../../src/gcs/run-program.ts";
import { pmemDevices } from "../../src/gcs/storage/pmem-devices.ts";
import { scsiDisks } from "../../src/gcs/storage/scsi-disks.ts";
import { systemMounts } from "../../src/gcs/storage/system-mounts.ts";
import { virtiofsShares } from "../../src/gcs/storage/virtiofs-shares.ts";
import { createLogger, type Logger } from "../../src/log/logger.ts";
import { BRIDGE_PORT } from "../../src/prot/protocol.ts";
import type { ByteStream } from "../../src/sys/byte-stream.ts";
import { close, pipe } from "../../src/sys/libc.ts";
import { spanOf } from "../../src/tracing/span.ts";
import type { GuestSockets } from "../../src/transport/sockets.ts";
import {
  loadEarlyModules,
  loadNvdimmDriver,
  loadVsockDriver,
  prepareMachine,
  shutDown,
  uptime,
  vsockArgument,
} from "./first-process.ts";
import { createPortSockets, linkPort, type PortSockets } from "./guest-port.ts";
import { inoutStream } from "./inout-stream.ts";
import { createJsonLogger } from "./json-logger.ts";
import { firstProcessFlags, type GcsFlags } from "./plain-flags.ts";
import { isTraced, recordOnConsole } from "./trace.ts";

/**
 * What a VM's first process does not always need is imported late: under emulation each kilobyte of code counts.
 *
 * The guest compute service as a program: serves one host on stdin and stdout until it hangs up; or, as the first
 * process of a machine, whatever host is behind its port until that turns the machine off.
 */
async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  const flags = firstProcessFlags(argv) ?? (await import("./flags.ts")).parseFlags(argv);
  const log = openLog(flags);
  if (flags.pid1) return runMachine(flags, log);
  if (!flags.useInouterr && flags.vsock === undefined) {
    log.error(
      "no transport: give -use-inouterr to serve the bridge on stdin and stdout, or -vsock with the host's port",
    );
    return 2;
  }
  const over = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => over.abort());
  const gcs = createGcs({
    sockets:
      flags.vsock === undefined
        ? oneBridge(inoutStream(), () => over.abort())
        : (await import("../../src/transport/vsock/guest.ts")).createVsockGuestSockets({ port: flags.vsock }),
    stateDirectory: flags.stateDir,
    runc: { binary: flags.runc },
    log,
  });
  log.info(`serving the bridge on ${flags.vsock === undefined ? "stdin and stdout" : `vsock ${flags.vsock}`}`);
  await gcs.run({ signal: over.signal });
  return 0;
}

/** Returns where it can't begin; an error later ends the process, and by that the machine: the kernel panics. */
async function runMachine(flags: GcsFlags, log: Logger): Promise<number> {
  if (process.pid !== 1) {
    log.error(`-pid1 is for the first process of a utility VM; this is process ${process.pid}: use -use-inouterr`);
    return 2;
  }
  prepareMachine();
  if (isTraced()) recordOnConsole();
  log.info("machine prepared", { uptime: uptime() });
  const over = new AbortController();
  const port = await spanOf("guest", "find the host's port", () => reachHost(flags, log));
  const agent = bootArguments(readFileSync("/proc/cmdline", "utf8"));
  if (agent !== undefined) {
    const { runAgent } = await import("./agent.ts");
    await runAgent(agent, port, agent.debug ? openLog({ ...flags, loglevel: "debug" }) : log);
    return 0;
  }
  const drivers = port.established.then(() => {
    log.info("host reached", { uptime: uptime() });
    return spanOf("guest", "load modules", () => loadEarlyModules(log));
  });
  const gcs = createGcs({
    sockets: port.sockets,
    stateDirectory: flags.stateDir,
    runc: { binary: flags.runc },
    storage: {
      disks: scsiDisks({ drivers }),
      shares: virtiofsShares(systemMounts, { drivers }),
      pmem: pmemDevices(runProgram),
    },
    network: { findLink: (adapter) => linkByMac(adapter, { drivers }) },
    machine: systemMachine(),
    log,
  });
  const served = port.serve({ signal: over.signal });
  const warm = drivers.then(warmUp);
  await loadNvdimmDriver(log);
  await Promise.race([gcs.run({ signal: over.signal }), Promise.all([served, warm]).then(() => never)]);
  await shutDown(log);
  return 0;
}

async function reachHost(flags: GcsFlags, log: Logger): Promise<PortSockets> {
  const vsock = flags.vsock ?? vsockArgument();
  if (vsock === undefined) return createPortSockets(await linkPort(flags.port), log);
  await loadVsockDriver(log);
  const { createVsockChannel } = await import("./guest-vsock.ts");
  return createVsockChannel(vsock);
}

/** The first stream that is no port starts a thread of the runtime, slowly: better now than with the first container. */
function warmUp(): void {
  const [readEnd, writeEnd] = pipe();
  runtime.adopt(readEnd, "pipe", "read").open({ data() {}, end() {}, drain() {}, close() {} });
  close(writeEnd);
}

const never = new Promise<void>(() => {});

/** The one host is there from the start; when its stream is over there is no other. Stdio ports nobody can dial. */
function oneBridge(stream: ByteStream, onOver: () => void): GuestSockets {
  let dialled = false;
  return {
    async dial(port) {
      if (port !== BRIDGE_PORT)
        throw unavailable(`port 0x${port.toString(16)}: stdin and stdout carry the bridge alone`);
      if (dialled) {
        onOver();
        throw unavailable("the host has hung up");
      }
      dialled = true;
      return { kind: "stream", stream };
    },
  };
}

function openLog(flags: GcsFlags): Logger {
  const fd = flags.logfile === undefined ? 2 : openSync(flags.logfile, "a", 0o640);
  const sink = { write: (line: string) => void writeSync(fd, line) };
  const options = { level: flags.loglevel, sink };
  return flags.logFormat === "json" ? createJsonLogger(options) : createLogger(options);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    writeSync(2, `gcs: ${ShimError.from(error).message}\n`);
    process.exit(1);
  },
);
