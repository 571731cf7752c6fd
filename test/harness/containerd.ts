import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.ts";
import { until } from "./until.ts";

export interface ContainerdOptions {
  /** Everything of it lives below this directory. */
  readonly directory: string;
  /** Where shims are looked for, before the PATH of the test. */
  readonly shimDirectories?: readonly string[];
  /** The daemon and its client; default `$CONTAINERD` and `$CTR`, else those on PATH. */
  readonly binary?: string;
  readonly ctr?: string;
  /** The CRI plugin's part of the configuration (version 3, so containerd 2.x); none: CRI is off. */
  readonly cri?: string;
  /** An empty file system's image: the blockfile snapshotter is on, and each snapshot is a copy of it (containerd 2.x). */
  readonly blockfile?: string;
  /** For the daemon and all that it starts. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A containerd of our own: own root, state, sockets, configuration. Any release from 1.6 on. */
export class PrivateContainerd {
  readonly address: string;
  readonly ttrpcAddress: string;
  readonly root: string;
  readonly state: string;
  readonly ctr: string;
  readonly binary: string;
  readonly #logFile: string;
  readonly #config: string;
  readonly #env: Record<string, string>;
  readonly #cri: string | undefined;
  readonly #blockfile: string | undefined;
  #process: ChildProcess | undefined;

  constructor(options: ContainerdOptions) {
    const { directory } = options;
    this.address = join(directory, "containerd.sock");
    this.ttrpcAddress = `${this.address}.ttrpc`;
    this.root = join(directory, "root");
    this.state = join(directory, "state");
    this.binary = options.binary ?? process.env.CONTAINERD ?? "containerd";
    this.ctr = options.ctr ?? process.env.CTR ?? "ctr";
    this.#logFile = join(directory, "containerd.log");
    this.#config = join(directory, "config.toml");
    const path = [...(options.shimDirectories ?? []), process.env.PATH ?? "", "/usr/sbin", "/sbin"].join(":");
    this.#cri = options.cri;
    this.#blockfile = options.blockfile;
    this.#env = { ...options.env, PATH: path };
    mkdirSync(directory, { recursive: true });
    writeFileSync(this.#config, this.#configuration());
  }

  /** Undefined while it is down. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  log(): string {
    return readFileSync(this.#logFile, "utf8");
  }

  /** Starts the daemon and waits until it answers. */
  async start(): Promise<void> {
    const log = openSync(this.#logFile, "a");
    const child = spawn(this.binary, ["--config", this.#config, "--log-level", "debug"], {
      stdio: ["ignore", log, log],
      env: { ...process.env, ...this.#env },
    });
    closeSync(log);
    this.#process = child;
    const failed = new Promise<never>((_, reject) => {
      child.on("error", reject);
      child.on("exit", (code) => reject(new Error(`${this.binary} ended with ${code} at start:\n${this.log()}`)));
    });
    failed.catch(() => {}); // Also rejects at the daemon's later end, when nobody waits any more.
    const ready = until("containerd answers", async () => {
      const { code } = await run([this.ctr, "--address", this.address, "--connect-timeout", "2s", "version"]);
      return code === 0;
    });
    await Promise.race([ready, failed]);
  }

  /** Ends the daemon; containers and their shims go on. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await gone;
  }

  #configuration(): string {
    // Plugins that would touch what is not ours (CNI directories, /var/run/nri) or that only cost time.
    const disabled = [
      ...(this.#cri === undefined
        ? ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"]
        : []),
      "io.containerd.nri.v1.nri",
      "io.containerd.tracing.processor.v1.otlp",
      "io.containerd.internal.v1.tracing",
      ...["aufs", ...(this.#blockfile ? [] : ["blockfile"]), "btrfs", "devmapper", "erofs", "zfs"].map(
        (name) => `io.containerd.snapshotter.v1.${name}`,
      ),
    ];
    return [
      `version = ${this.#cri === undefined ? 2 : 3}`,
      `root = "${this.root}"`,
      `state = "${this.state}"`,
      `disabled_plugins = ${JSON.stringify(disabled)}`,
      "[grpc]",
      `  address = "${this.address}"`,
      "[ttrpc]",
      `  address = "${this.ttrpcAddress}"`,
      // Of a shim's `delete` and of the shims that a start finds: after its own 5 s containerd kills the one, forgets the other.
      "[timeouts]",
      '  "io.containerd.timeout.shim.cleanup" = "60s"',
      '  "io.containerd.timeout.shim.load" = "60s"',
      '[plugins."io.containerd.internal.v1.opt"]',
      `  path = "${join(this.root, "opt")}"`,
      ...(this.#cri === undefined ? [] : [this.#cri]),
      ...(this.#blockfile === undefined
        ? []
        : [
            '[plugins."io.containerd.snapshotter.v1.blockfile"]',
            `  scratch_file = "${this.#blockfile}"`,
            '  fs_type = "ext4"',
            "  mount_options = []",
          ]),
      "",
    ].join("\n");
  }
}
