import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { removeVm } from "#os/src/shim/remains.ts";
import { sendAnswer } from "#os/src/shim/spawn-daemon.ts";
import { openStdio } from "#os/src/stdio/open.ts";
import type { Settings } from "../../../src/config/settings.ts";
import { createGuest } from "../../../src/guestmanager/create-guest.ts";
import { createLogger, type Logger } from "../../../src/log/logger.ts";
import { StreamController } from "../../../src/orchestration/stream/controller.ts";
import { UvmController } from "../../../src/orchestration/uvm/controller.ts";
import { hostUvmFiles } from "../../../src/orchestration/uvm/host-files.ts";
import { withinBudgets } from "../../../src/service/budgets.ts";
import { registerDiagServices } from "../../../src/service/diag/diag-services.ts";
import { registerStreamingService } from "../../../src/service/streaming/streaming-service.ts";
import { registerUvmService } from "../../../src/service/uvm/uvm-service.ts";
import { failureOf } from "../../../src/shim/readiness.ts";
import { relay } from "../../../src/stdio/relay.ts";
import { Server } from "../../../src/ttrpc/server.ts";
import { serve } from "../../../src/ttrpc/socket.ts";
import type { UvmSizing } from "../../../src/vmmanager/sizing.ts";
import type { Stack } from "../../../src/vmmanager/uvm.ts";
import { socketOf } from "./records.ts";

/** For whoever started us to ask for a boot. */
const UNUSED_MS = 30_000;
const DRAIN_MS = 2_000;
/** Whatever hangs below: a keeper that leaves is gone by then. */
const LEAVE_MS = 10_000;

export const settingsPath = (stateDirectory: string): string => join(stateDirectory, "settings.json");

/** The keeper of one VM: holds it, serves it on its socket, and leaves with it. Its log is in the state directory. */
export async function keep(stateDirectory: string, name: string): Promise<void> {
  const log = createLogger({
    level: "info",
    sink: { write: (line) => writeLine(join(stateDirectory, "keeper.log"), line) },
    fields: { vm: name },
  });
  try {
    const settings = JSON.parse(readFileSync(settingsPath(stateDirectory), "utf8")) as Settings;
    const { createStack } = await import("#os/cmd/containerd-shim-uvm-v1/stacks.ts");
    const keeper = new Keeper(stateDirectory, name, await createStack(settings, log), log);
    await keeper.serve();
  } catch (error) {
    await sendAnswer(failureOf(error));
    throw error;
  }
  await sendAnswer({ kind: "ready" });
}

class Keeper {
  readonly #stateDirectory: string;
  readonly #name: string;
  readonly #stack: Stack;
  readonly #log: Logger;
  readonly #streams: StreamController;
  readonly #server: Server;
  #uvm: UvmController | undefined;
  #released: Promise<void> | undefined;

  constructor(stateDirectory: string, name: string, stack: Stack, log: Logger) {
    this.#stateDirectory = stateDirectory;
    this.#name = name;
    this.#stack = stack;
    this.#log = log;
    this.#streams = new StreamController(socketOf(stateDirectory));
    this.#server = new Server({
      interceptors: [withinBudgets()],
      onConnectionError: (error) => log.warn("a connection ended badly", { error }),
    });
  }

  async serve(): Promise<void> {
    const [server, log, streams] = [this.#server, this.#log, this.#streams];
    registerUvmService(server, { uvm: (sizing) => this.#made(sizing), release: () => this.#release(), log });
    registerStreamingService(server, { streams, log });
    registerDiagServices(server, {
      diagnostics: async () => this.#made().diagnostics,
      report: () => this.#uvm?.report() ?? [],
      guestStacks: async (options) => this.#uvm?.guestStacks(options),
      ...{ log, pid: process.pid },
    });
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void this.#end(signal));
    process.on("SIGPIPE", () => undefined);
    for (const event of ["uncaughtException", "unhandledRejection"] as const) {
      process.on(event, (error: unknown) => {
        log.error(`the keeper fails: ${event}`, { error });
        void this.#end(event);
      });
    }
    await serve(server, { path: socketOf(this.#stateDirectory) });
    setTimeout(() => this.#uvm ?? void this.#end("nobody booted it"), UNUSED_MS).unref();
  }

  #made(sizing?: UvmSizing): UvmController {
    if (this.#uvm !== undefined) return this.#uvm;
    const log = this.#log;
    const uvm = new UvmController(
      { id: this.#name, stateDirectory: this.#stateDirectory, ...(sizing && { sizing }) },
      {
        stack: this.#stack,
        createGuest: ({ sockets }, tap) => createGuest({ sockets, log, tap }),
        io: {
          open: (paths, process) =>
            openStdio(paths, process, { log: (message) => log.warn(message), streams: this.#streams }),
          relay,
        },
        files: hostUvmFiles,
        warn: (message, error) => log.warn(message, { error }),
      },
    );
    this.#uvm = uvm;
    // However it came: a boot that failed, a stop, a guest that turned itself off.
    void uvm.stopped.then(({ error }) => this.#leave(error?.message ?? "it was stopped"));
    return uvm;
  }

  async #end(reason: string): Promise<void> {
    setTimeout(() => process.exit(1), LEAVE_MS).unref();
    await this.#uvm?.stop({ now: false });
    await this.#leave(reason);
  }

  async #leave(reason: string): Promise<void> {
    setTimeout(() => process.exit(1), LEAVE_MS).unref();
    this.#log.info("the keeper leaves", { reason });
    await this.#release().catch((error) => this.#log.error("the VM's state could not be removed", { error }));
    // Who asked for it is answered first.
    this.#streams.close();
    await this.#server.shutdown({ signal: AbortSignal.timeout(DRAIN_MS) }).catch(() => undefined);
    process.exit(0);
  }

  /** The VM's name is free once it resolves. */
  #release(): Promise<void> {
    this.#released ??= removeVm(this.#stateDirectory);
    return this.#released;
  }
}

/** Gone with the VM's state. */
function writeLine(path: string, line: string): void {
  try {
    appendFileSync(path, line);
  } catch {
    // The state is removed already.
  }
}
