import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runtime } from "#runtime";
import { TaskExit } from "../../src/generated/containerd/events.ts";
import { Options as RunhcsOptions } from "../../src/generated/containerd/runhcs/v1.ts";
import { Events, type ForwardRequest } from "../../src/generated/containerd/services/events/ttrpc/v1.ts";
import { Task } from "../../src/generated/containerd/task/v2.ts";
import { Any } from "../../src/generated/google/protobuf.ts";
import { Recorder } from "../../src/sys/stream-recorder.ts";
import type { Client } from "../../src/ttrpc/client.ts";
import { Server } from "../../src/ttrpc/server.ts";
import { until } from "../harness/until.ts";
import { rigGuestSockets } from "./guest-sockets.ts";
import { ScriptedGuest } from "./scripted-guest.ts";
import { connect, makeBundle, NAMESPACE, PIPE, runShim, runs } from "./shim.ts";
import { type Entry, readLog } from "./stand-in.ts";

/** containerd's ends: of its events, and of a process's stdio. */
export class Containerd {
  readonly address = `${PIPE}containerd-${randomUUID()}.ttrpc`;
  /** "topic id" for each event, with the status of exits. */
  readonly events: string[] = [];
  readonly #server = new Server();
  #listener: { close(): void } | undefined;

  async open(): Promise<void> {
    this.#server.register(Events, {
      forward: ({ envelope }: ForwardRequest) => {
        const topic = (envelope?.topic ?? "").replace("/tasks/", "");
        if (topic !== "exit") this.events.push(topic);
        else {
          const { id, exitStatus } = TaskExit.decode(envelope?.event?.value ?? new Uint8Array());
          this.events.push(`exit ${id} ${exitStatus}`);
        }
        return {};
      },
    });
    this.#listener = await runtime.listen({ path: this.address }, (stream) => this.#server.accept(stream));
  }

  close(): void {
    this.#listener?.close();
    this.#server.close();
  }
}

/** A pipe that a client makes for a process's stdio. */
export interface ClientPipe {
  readonly path: string;
  /** The shim's end, once it has dialled. */
  readonly peer: Promise<Recorder>;
  close(): void;
}

export async function clientPipe(): Promise<ClientPipe> {
  const path = `${PIPE}stdio-${randomUUID()}`;
  let arrived: (recorder: Recorder) => void = () => {};
  const peer = new Promise<Recorder>((resolve) => {
    arrived = resolve;
  });
  const server = await runtime.listen({ path }, (stream) => arrived(new Recorder(stream)));
  const close = () => {
    server.close();
    void peer.then(({ stream }) => stream.destroy());
  };
  return { path, peer, close };
}

/** A pod of one container: its shim, and the guest of its VM, which boots when HCS starts that. */
export class WindowsPod {
  readonly id: string;
  readonly bundle: string;
  readonly os: "linux" | "windows" = "linux";
  readonly #sockets: string;
  readonly #log: string;
  readonly #stop = new AbortController();
  #logReader: Recorder | undefined;
  address = "";
  pid = 0;
  client: Client | undefined;
  guest: ScriptedGuest | undefined;
  #guestRuns: Promise<void> | undefined;

  constructor(id: string) {
    this.id = id;
    this.bundle = makeBundle(id);
    this.#sockets = join(this.bundle, "..", `${id}.sockets`);
    this.#log = join(this.bundle, "..", `${id}.jsonl`);
    mkdirSync(this.#sockets);
    writeFileSync(this.#log, "");
    mkdirSync(join(this.bundle, "rootfs"));
    mkdirSync(join(this.bundle, "boot"));
    for (const name of ["kernel", "initrd.img"]) writeFileSync(join(this.bundle, "boot", name), "");
  }

  /** The spec's process; `start`; the client's connection. */
  async start(args: readonly string[], containerd: Containerd): Promise<void> {
    writeFileSync(join(this.bundle, "config.json"), JSON.stringify(this.spec(args)));
    const options = { sandboxPlatform: `${this.os}/amd64`, bootFilesRootPath: join(this.bundle, "boot") };
    const value = RunhcsOptions.encode(RunhcsOptions.create(options));
    const { code, stdout, stderr } = await runShim("start", this.id, {
      stdin: Any.encode({ typeUrl: RunhcsOptions.typeName, value }),
      env: {
        UVM_SHIM_PROGRAM: process.env.UVM_SHIM_TEST_PROGRAM ?? "",
        ...{ UVM_SHIM_HVSOCKET_DIRECTORY: this.#sockets, UVM_STAND_IN_LOG: this.#log },
        TTRPC_ADDRESS: containerd.address,
      },
    });
    assert.deepEqual([code, stderr], [0, ""]);
    this.address = stdout.toString();
    this.client = await connect(this.address);
    this.pid = (await this.tasks.connect({ id: this.id })).shimPid;
    this.#logReader = new Recorder(await runtime.connect(`${PIPE}containerd-shim-${NAMESPACE}-${this.id}-log`));
    this.#guestRuns = this.#boot();
    this.#guestRuns.catch(() => {});
  }

  spec(args: readonly string[]): object {
    return {
      ...{ ociVersion: "1.1.0", root: { path: "rootfs" }, mounts: [] },
      process: { args, cwd: "/", user: { uid: 0, gid: 0 } },
      linux: { namespaces: [{ type: "pid" }, { type: "mount" }] },
      windows: {},
    };
  }

  get tasks() {
    return this.service(Task);
  }

  service<D extends Parameters<Client["service"]>[0]>(definition: D) {
    assert.ok(this.client);
    return this.client.service(definition);
  }

  /** Of the stand-in, in the daemon. */
  log(): Entry[] {
    return readLog(this.#log);
  }

  /** Ends the guest, if its VM's end has not. */
  async leave(): Promise<void> {
    this.client?.close();
    await this.dropGuest();
  }

  /** A root file system as containerd's lcow snapshotter gives it: VHDs that nobody looks into. */
  lcowLayer(count: number) {
    const folders = Array.from({ length: count + 1 }, (_, index) => join(this.bundle, `snapshot-${index}`));
    for (const folder of folders) mkdirSync(folder);
    const [own = "", ...parents] = folders;
    const layers = parents.map((parent) => join(parent, "layer.vhd"));
    const scratch = join(own, "sandbox.vhdx");
    for (const file of [...layers, scratch]) writeFileSync(file, "");
    const options = ["rw", `parentLayerPaths=${JSON.stringify(parents)}`];
    return { mount: { type: "lcow-layer", source: own, target: "", options }, layers, scratch };
  }

  /** The host paths that HCS was asked to add to the VM, or to remove from it. */
  modifications(type: "Add" | "Remove"): string[] {
    return this.log().flatMap(({ call, document }) => {
      if (call !== "HcsModifyComputeSystem" || document === undefined) return [];
      const { RequestType = "Add", Settings = {} } = JSON.parse(document);
      return RequestType === type ? [String(Settings.HostPath ?? Settings.Path)] : [];
    });
  }

  /** The guest's connections end, and its VM does not. */
  async dropGuest(): Promise<void> {
    this.#stop.abort();
    await this.#guestRuns?.catch(() => {});
  }

  /** Plays the guest until it is told to stop, or its host is gone. `vmId`: of its host's sockets, which `directory` has. */
  protected async runGuest(directory: string, vmId: string, signal: AbortSignal): Promise<void> {
    this.guest = new ScriptedGuest(rigGuestSockets(directory, vmId));
    await this.guest.run(signal);
  }

  /** After a failure: ends what is left. */
  async abandon(): Promise<void> {
    if (runs(this.pid)) process.kill(this.pid, "SIGKILL");
    await this.leave();
    this.#logReader?.stream.destroy();
  }

  /** What the daemon has logged. */
  daemonLog(): string {
    return this.#logReader?.text() ?? "";
  }

  async #boot(): Promise<void> {
    const { signal } = this.#stop;
    const started = () => this.log().some(({ call }) => call === "HcsStartComputeSystem");
    await until("HCS to start the VM", () => signal.aborted || started());
    if (signal.aborted) return;
    const [name = ""] = readdirSync(this.#sockets);
    await this.runGuest(this.#sockets, name.split("_")[0] ?? "", signal);
  }
}
