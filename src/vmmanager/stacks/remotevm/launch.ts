import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ShimError, unavailable } from "../../../errors/shim-error.ts";
import { within } from "../../../errors/within.ts";
import type { ChildProcess } from "../../../sys/runtime.ts";
import { errorCode } from "../../../sys/sys-error.ts";
import type { Client } from "../../../ttrpc/client.ts";
import { connect } from "../../../ttrpc/socket.ts";
import { ErrorOutput } from "../../error-output.ts";
import type { CallOptions } from "../../lifetime.ts";
import { spawnVmProcess } from "../../spawn-vm-process.ts";
import type { UvmOptions } from "../../uvm.ts";

/** For a service to come up; OpenVMM probes the host's hypervisors before. */
const START_MS = 30_000;
const RETRY_MS = 20;
const QUIT_MS = 5_000;
const LAST_WORDS_MS = 500;

export interface LaunchOptions {
  readonly uvm: UvmOptions;
  /** Absolute, both. */
  readonly binary: string;
  readonly setpriv: string;
  /** Beside `--rpc path=...`. */
  readonly arguments: readonly string[];
  readonly socketPath: string;
}

/** The process of a VM's service, which serves, and a connection to it. */
export interface LaunchedService {
  readonly process: ServiceProcess;
  readonly client: Client;
}

export type ServiceExit = Awaited<ServiceProcess["ended"]>;

/** A service that we have started: it is our child, dies with us, and is in the record of the VM's processes. */
export class ServiceProcess {
  readonly pid: number;
  /** When it is gone and its last words are read. Never rejects. */
  readonly ended: Promise<{ readonly code: number; readonly signal?: number }>;
  #wasKilled = false;
  readonly #child: ChildProcess;
  readonly #errors: ErrorOutput;
  /** It is closed by OpenVMM once it serves; others may write there what they like. */
  readonly #output: ErrorOutput;

  constructor({ uvm, binary, setpriv, arguments: more, socketPath }: LaunchOptions) {
    const argv = [setpriv, "--pdeathsig", "KILL", binary, "--rpc", `path=${socketPath}`, ...more];
    this.#child = spawnVmProcess(uvm, "vmservice", argv, ["null", "pipe", "pipe"]);
    this.pid = this.#child.pid;
    this.#output = new ErrorOutput(this.#child.pipes[1]);
    this.#errors = new ErrorOutput(this.#child.pipes[2]);
    this.ended = this.#child.exited.then(async (exit) => {
      // Unless somebody else holds the other ends.
      await within(LAST_WORDS_MS, Promise.all([this.#errors.ended, this.#output.ended]));
      this.#errors.close();
      this.#output.close();
      return exit;
    });
  }

  /** Resolves when it has said that it is ready. */
  get ready(): Promise<void> {
    return this.#output.ended;
  }

  /** Of its end, in one line. */
  get words(): string {
    return this.#errors.text || this.#output.text;
  }

  /** By us. */
  get wasKilled(): boolean {
    return this.#wasKilled;
  }

  kill(): void {
    this.#wasKilled = true;
    this.#child.kill(9);
  }

  /** Waits for its end; what does not end by itself is killed. */
  async reap(): Promise<void> {
    if ((await within(QUIT_MS, this.ended)) !== undefined) return;
    this.kill();
    await this.ended;
  }
}

/**
 * Starts a service and connects to it. Ready is one that has closed its stdout, or that can be connected to. Rejects with
 * unavailable, its last words in it, where it ends before or takes too long; nothing is left of it then.
 */
export async function launchService(options: LaunchOptions, call?: CallOptions): Promise<LaunchedService> {
  call?.signal?.throwIfAborted();
  const { id } = options.uvm;
  const process = new ServiceProcess(options);
  const limit = AbortSignal.timeout(START_MS);
  const gone = new AbortController();
  void process.ended.then(() => gone.abort());
  const signal = AbortSignal.any([limit, gone.signal, ...(call?.signal ? [call.signal] : [])]);
  try {
    return { process, client: await connectToService(options.socketPath, process.ready, signal) };
  } catch (error) {
    process.kill();
    const { code } = await process.ended;
    rmSync(options.socketPath, { force: true });
    call?.signal?.throwIfAborted();
    const why =
      process.words || (limit.aborted ? `no connection in ${START_MS / 1000} s` : ShimError.from(error).message);
    const what = gone.signal.aborted ? `code ${code}` : "killed";
    throw unavailable(`the service of vm ${id} (${options.binary}) did not start (${what}): ${why}`, error);
  }
}

/** Once it listens: tried again and again, first when it says that it is ready. */
async function connectToService(path: string, ready: Promise<void>, signal: AbortSignal): Promise<Client> {
  await Promise.race([ready, sleep(RETRY_MS, undefined, { signal })]);
  for (;;) {
    try {
      return await connect(path, { signal });
    } catch (error) {
      const code = errorCode(error);
      if (code !== "ENOENT" && code !== "ECONNREFUSED") throw error;
    }
    await sleep(RETRY_MS, undefined, { signal });
  }
}
