import { closeSync, constants, mkdirSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Task } from "../../src/generated/containerd/task/v2.ts";
import { Any } from "../../src/generated/google/protobuf.ts";
import { Options } from "../../src/generated/runtimeoptions/v1.ts";
import type { Client } from "../../src/ttrpc/client.ts";
import type { ServiceClient } from "../../src/ttrpc/service.ts";
import { connect } from "../../src/ttrpc/socket.ts";
import { layBusybox } from "./busybox.ts";
import { type Command, type CommandResult, run, runOk, start } from "./command.ts";
import { EventServer } from "./event-server.ts";
import type { OwnProcess } from "./leftovers.ts";
import { type RuntimeUnderTest, runtimeUnderTest, shimDirectory } from "./runtime-under-test.ts";
import { Traces } from "./traces.ts";

export interface ShimCall {
  readonly bundle?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: Uint8Array;
  /** Before the action. */
  readonly flags?: readonly string[];
}

/** The shim as a program, driven without containerd: bundles, calls, and the other end of its event channel. */
export class ShimProgram {
  readonly traces = new Traces(() => undefined);
  readonly runtime: RuntimeUnderTest;
  readonly events: EventServer;
  readonly #directory: string;
  readonly #logs = new Map<string, number>();
  readonly #clients: Client[] = [];

  constructor(runtime = runtimeUnderTest(), directory = shimDirectory) {
    this.runtime = runtime;
    this.#directory = directory;
    this.events = new EventServer(join(this.traces.directory, "events.sock"));
  }

  bundlePath(id: string): string {
    const { directory, namespace } = this.traces;
    return join(directory, "state", "io.containerd.runtime.v2.task", namespace, id);
  }

  /** A bundle as containerd lays it out; `config` is config.json's text, or undefined for none. */
  async bundle(id: string, config: string | undefined): Promise<string> {
    const bundle = this.bundlePath(id);
    mkdirSync(bundle, { recursive: true, mode: 0o700 });
    layBusybox(join(bundle, "rootfs"), ["sh", "sleep", "true"]);
    const log = join(bundle, "log");
    await runOk(["mkfifo", log]);
    // containerd holds it so; a shim that writes to it must not block.
    this.#logs.set(bundle, openSync(log, constants.O_RDWR | constants.O_NONBLOCK));
    if (config !== undefined) writeFileSync(join(bundle, "config.json"), config);
    return bundle;
  }

  /** A spec for `bundle`. */
  spec(id: string, args: readonly string[], annotations: Readonly<Record<string, string>> = {}): string {
    return JSON.stringify({
      annotations,
      ociVersion: "1.0.2",
      process: { terminal: false, user: { uid: 0, gid: 0 }, args, env: ["PATH=/bin"], cwd: "/" },
      root: { path: "rootfs" },
      hostname: id,
      mounts: [{ destination: "/proc", type: "proc", source: "proc" }],
      linux: {
        cgroupsPath: `/${this.traces.namespace}/${id}`,
        namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type })),
      },
    });
  }

  /** Runs the program as containerd does: `start`, `delete`, or another action. */
  async call(id: string, action: readonly string[], call: ShimCall = {}): Promise<CommandResult> {
    const { argv, options, input } = this.#command(id, action, call);
    return await run(argv, { ...options, input });
  }

  /** The same in the background. */
  begin(id: string, action: readonly string[], call: ShimCall = {}): Command {
    const { argv, options, input } = this.#command(id, action, call);
    const command = start(argv, { ...options, stdin: "pipe" });
    command.stdin?.end(input);
    return command;
  }

  #command(id: string, action: readonly string[], call: ShimCall) {
    const path = [this.#directory, process.env.PATH ?? "", "/usr/sbin", "/sbin"].join(":");
    const { directory, namespace, address, env } = this.traces;
    const argv = [
      ...[this.runtime.binary, "-namespace", namespace, "-address", address],
      ...["-publish-binary", "/bin/false", "-id", id, ...(call.flags ?? []), ...action],
    ];
    const options = {
      cwd: call.bundle ?? directory,
      env: { PATH: path, TTRPC_ADDRESS: this.events.path, ...env, ...call.env },
    };
    return { argv, options, input: call.input ?? this.#options() };
  }

  /** The task API at the address that `start` printed. */
  async task(address: string): Promise<ServiceClient<typeof Task>> {
    const client = await connect(address.trim().replace(/^unix:\/\//, ""));
    this.#clients.push(client);
    return client.service(Task);
  }

  daemonOf(id: string): OwnProcess {
    return this.traces.daemonOf(id, this.runtime.binary);
  }

  /** What came on the bundle's log since the last time. */
  readLog(bundle: string): string {
    const log = this.#logs.get(bundle);
    if (log === undefined) throw new Error(`${bundle} was not made here`);
    const chunk = Buffer.alloc(64 * 1024);
    try {
      // As much as the FIFO can hold.
      return chunk.toString("utf8", 0, readSync(log, chunk));
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EAGAIN") return "";
      throw error;
    }
  }

  /** containerd removes a bundle itself, after `delete`. */
  removeBundle(bundle: string): void {
    const log = this.#logs.get(bundle);
    if (log !== undefined) closeSync(log);
    this.#logs.delete(bundle);
    rmSync(bundle, { recursive: true });
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    this.events.close();
    for (const log of this.#logs.values()) closeSync(log);
    await this.traces.sweep();
  }

  /** What containerd 1.6 sends for `--runtime-config-path`: an Any with runtimeoptions.v1.Options{config_path}. */
  #options(): Uint8Array {
    if (this.runtime.configuration === undefined) return new Uint8Array();
    const path = join(this.traces.directory, "runtime.toml");
    writeFileSync(path, this.runtime.configuration);
    return runtimeOptions({ configPath: path });
  }
}

/** stdin of `start`: the runtime's options as containerd 1.6 gives them. */
export function runtimeOptions(options: Parameters<typeof Options.create>[0]): Uint8Array {
  const value = Options.encode(Options.create(options));
  return Any.encode(Any.create({ typeUrl: "runtimeoptions.v1.Options", value }));
}
