import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PrivateContainerd } from "./containerd.ts";
import { Ctr } from "./ctr.ts";
import { buildImage } from "./image.ts";
import type { OwnProcess } from "./leftovers.ts";
import { type RuntimeUnderTest, runtimeUnderTest, shimDirectory } from "./runtime-under-test.ts";
import { ready, service } from "./service.ts";
import { Traces } from "./traces.ts";
import { until } from "./until.ts";

export interface MachineOptions {
  readonly runtime?: RuntimeUnderTest;
  /** See ContainerdOptions. */
  readonly binary?: string;
  readonly ctr?: string;
  /** Where the shim under test is; default: where make build puts it. */
  readonly shimDirectory?: string;
  /** The CRI plugin's configuration, for a machine that keeps its files in this directory. */
  readonly cri?: (directory: string) => string;
  readonly blockfile?: string;
}

/** A private containerd with the test image and its client, and the account of all that it leaves on the host. */
export class Machine {
  readonly traces: Traces;
  readonly runtime: RuntimeUnderTest;
  readonly containerd: PrivateContainerd;
  readonly ctr: Ctr;
  #configurations = 0;

  /** A machine that is up. `close` it in any case. */
  static async start(options: MachineOptions = {}): Promise<Machine> {
    const machine = new Machine(options);
    try {
      await machine.containerd.start();
      await machine.#importImage();
      return machine;
    } catch (error) {
      await machine.close();
      throw error;
    }
  }

  private constructor(options: MachineOptions) {
    this.traces = new Traces(() => this.containerd.pid);
    const { directory, env } = this.traces;
    this.runtime = options.runtime ?? runtimeUnderTest();
    this.containerd = new PrivateContainerd({
      directory,
      shimDirectories: [options.shimDirectory ?? shimDirectory],
      env,
      ...(options.binary === undefined ? {} : { binary: options.binary }),
      ...(options.ctr === undefined ? {} : { ctr: options.ctr }),
      ...(options.cri === undefined ? {} : { cri: options.cri(directory) }),
      ...(options.blockfile === undefined ? {} : { blockfile: options.blockfile }),
    });
    mkdirSync(this.file("fifo"));
    this.ctr = this.ctrWith(this.runtime.configuration);
  }

  /** A client whose containers run with another configuration of the runtime (TOML). */
  ctrWith(configuration: string | undefined): Ctr {
    const file = this.file(`runtime${this.#configurations++ || ""}.toml`);
    if (configuration !== undefined) writeFileSync(file, configuration);
    return new Ctr({
      ctr: this.containerd.ctr,
      address: this.containerd.address,
      namespace: this.namespace,
      fifoDirectory: this.file("fifo"),
      runtimeFlags: [
        ...["--runtime", this.runtime.name],
        ...(configuration === undefined ? [] : ["--runtime-config-path", file]),
      ],
    });
  }

  get namespace(): string {
    return this.traces.namespace;
  }

  /** A container id that no other test has; the account knows it from now on. */
  id(name: string): string {
    return this.traces.id(name);
  }

  daemonOf(id: string): OwnProcess {
    return this.traces.daemonOf(id, this.runtime.binary);
  }

  /** Runs one container to its end. */
  async warmUp(ctr = this.ctr): Promise<void> {
    const { code, stderr } = await ctr.run(this.id("warm-up"), ["true"]);
    if (code !== 0) throw new Error(`the runtime ${this.runtime.name} does not run "true":\n${stderr}`);
  }

  /** Starts a container in the background that ends with `code` at SIGTERM, and waits until it would. */
  async runService(id: string, code: number): Promise<void> {
    const log = this.file(`${id}.log`);
    await this.ctr.runDetached(id, service(code), ["--log-uri", `file://${log}`]);
    await until(`${id} is ready`, () => readFileSync(log, "utf8") === ready);
  }

  /** The directory that containerd made for a container and gave to its shim. */
  bundle(id: string): string {
    return join(this.containerd.state, "io.containerd.runtime.v2.task", this.namespace, id);
  }

  file(name: string): string {
    return join(this.traces.directory, name);
  }

  /** Ends everything and removes every trace. Idempotent. */
  async close(): Promise<void> {
    await this.containerd.stop("SIGKILL");
    await this.traces.sweep();
  }

  async #importImage(): Promise<void> {
    const archive = this.file("image.tar");
    writeFileSync(archive, await buildImage());
    await this.ctr.ok("images", "import", archive);
  }
}
