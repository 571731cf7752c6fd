/** For tests: a guest on this machine with real runc, its containers made of Debian's static busybox, and an account of what they leave. */
import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { copyFile, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { runtime } from "#runtime";
import { type ErrorKind, isKind } from "../../errors/shim-error.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { close, pipe } from "../../sys/libc.ts";
import { Reaper } from "../../sys/reaper.ts";
import { createMemorySockets } from "../../transport/memory.ts";
import type { GuestListener } from "../../transport/sockets.ts";
import { createGcs, type Gcs, type GcsOptions } from "../gcs.ts";
import type { StdioPorts } from "../host.ts";
import { runProgram } from "../run-program.ts";
import { readAll } from "../stdio/read-all.ts";

const BUSYBOX = "/bin/busybox";
const APPLETS = ["sh", "cat", "sleep", "true", "false", "echo", "kill", "stty", "tty", "dd", "ps", "head", "tr", "ls"];
const SETTLES_WITHIN_MS = 60_000;

/** Why live tests can't run here; undefined where they can. */
export function notLive(): string | undefined {
  if (process.getuid?.() !== 0) return "wants root: runc makes namespaces, mounts and cgroups";
  if (!existsSync(BUSYBOX)) return `wants a static ${BUSYBOX} (Debian: busybox-static) for its containers`;
  const path = (process.env.PATH ?? "").split(delimiter);
  return path.some((directory) => existsSync(join(directory, "runc"))) ? undefined : "wants runc on PATH";
}

export interface Streams {
  readonly ports: StdioPorts;
  readonly stdin: HostStream;
  readonly stdout: HostStream;
  readonly stderr: HostStream;
}

/** The host's end of one stdio. */
export class HostStream {
  readonly #listener: GuestListener;
  #stream: ByteStream | undefined;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  #over = false;
  #waiters: (() => void)[] = [];
  readonly ready: Promise<void>;

  /** `halfClose`: as a well-behaved host does when it has read to the end. */
  constructor(listener: GuestListener, halfClose = true) {
    this.#listener = listener;
    this.ready = listener.accept().then((stream) => {
      listener.close();
      this.#stream = stream;
      stream.open({
        data: (chunk) => {
          this.#chunks.push(chunk);
          this.#length += chunk.length;
          this.#wake();
        },
        end: () => {
          if (halfClose) stream.end();
          this.#over = true;
          this.#wake();
        },
        drain() {},
        close: () => {
          this.#over = true;
          this.#wake();
        },
      });
    });
    this.ready.catch(() => {});
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }

  async write(text: string): Promise<void> {
    await this.ready;
    this.#stream?.write(new TextEncoder().encode(text));
  }

  async end(): Promise<void> {
    await this.ready;
    this.#stream?.end();
  }

  destroy(): void {
    this.#listener.close();
    this.#stream?.destroy();
  }

  pause(): void {
    this.#stream?.pause();
  }

  /** Resolves when the text has come; fails when the stream ends first. */
  async until(text: string): Promise<void> {
    while (!this.text.includes(text)) {
      if (this.#over)
        throw new Error(`the stream ended with ${JSON.stringify(this.text)}; wanted ${JSON.stringify(text)}`);
      await this.#change();
    }
  }

  async ended(): Promise<void> {
    while (!this.#over) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

export class LiveGuest {
  readonly directory: string;
  readonly sockets = createMemorySockets();
  readonly gcs: Gcs;
  readonly host: Gcs["host"];
  readonly reaper: Reaper;
  readonly cgroup: string;
  #ports = 0x4000_0001;
  readonly #streams: HostStream[] = [];
  readonly #before: string[];
  /** Node's loop ends while all that it waits for is a signal (SIGCHLD). */
  readonly #alive = setInterval(() => {}, 60_000);

  static async create(options: Partial<GcsOptions> = {}): Promise<LiveGuest> {
    const reaper = new Reaper();
    // The runtimes keep fds of their own from the first child, signal and pipe on: these come before the counting.
    reaper.start();
    await runProgram(["/bin/true"]);
    const [read, write] = pipe();
    const warm = runtime.adopt(read, "pipe", "read");
    close(write);
    await readAll(warm, 1);
    return new LiveGuest(reaper, options);
  }

  private constructor(reaper: Reaper, options: Partial<GcsOptions>) {
    this.directory = mkdtempSync(join(tmpdir(), "gcs-live-"));
    this.cgroup = this.directory.split("/").at(-1) ?? "gcs-live";
    this.reaper = reaper;
    this.#before = ownFds();
    this.gcs = createGcs({
      sockets: this.sockets.guest,
      stateDirectory: join(this.directory, "state"),
      reaper: this.reaper,
      ...options,
    });
    this.host = this.gcs.host;
  }

  /** A bundle with a root of its own; the spec of a container that runs the command in it. */
  async bundle(id: string, args: readonly string[], change: Record<string, unknown> = {}) {
    const bundle = join(this.directory, "bundles", id);
    const root = join(bundle, "rootfs");
    for (const name of ["bin", "proc", "dev", "tmp", "etc"]) mkdirSync(join(root, name), { recursive: true });
    if (!existsSync(join(root, "bin/busybox"))) {
      await copyFile(BUSYBOX, join(root, "bin/busybox"));
      for (const applet of APPLETS) await symlink("busybox", join(root, "bin", applet));
    }
    const { process: processChange, ...rest } = change;
    const ociSpecification: Record<string, unknown> = {
      ociVersion: "1.0.2",
      process: {
        terminal: false,
        user: { uid: 0, gid: 0 },
        args,
        env: ["PATH=/bin", "TERM=xterm"],
        cwd: "/",
        ...(processChange as object | undefined),
      },
      root: { path: "rootfs" },
      mounts: [
        { destination: "/proc", type: "proc", source: "proc" },
        { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"] },
        { destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666"] },
      ],
      linux: {
        cgroupsPath: `/${this.cgroup}/${id}`,
        namespaces: ["pid", "ipc", "uts", "mount", "network"].map((type) => ({ type })),
      },
      ...rest,
    };
    return { ociBundlePath: bundle, scratchDirPath: "", ociSpecification };
  }

  /** Listens for the three; nothing else is asked of the host. */
  streams(options: { stdin?: boolean; stderr?: boolean; halfClose?: boolean } = {}): Streams {
    const open = () => {
      const port = this.#ports++;
      const stream = new HostStream(this.sockets.host.listen(port), options.halfClose ?? true);
      this.#streams.push(stream);
      return { port, stream };
    };
    const [stdin, stdout, stderr] = [open(), open(), open()];
    if (options.stdin === false) stdin.stream.destroy();
    if (options.stderr === false) stderr.stream.destroy();
    const ports = {
      ...(options.stdin !== false && { stdin: stdin.port }),
      stdout: stdout.port,
      ...(options.stderr !== false && { stderr: stderr.port }),
    };
    return { ports, stdin: stdin.stream, stdout: stdout.stream, stderr: stderr.stream };
  }

  /** A port that hands this fd over. */
  offer(fd: number): number {
    const port = this.#ports++;
    this.sockets.host.offerFd(port, fd);
    return port;
  }

  /** Create with its stdio as streams, start. */
  async run(id: string, args: readonly string[], change: Record<string, unknown> = {}) {
    const streams = this.streams();
    const { initPid } = await this.host.createContainer(id, {
      ...(await this.bundle(id, args, change)),
      initStdio: streams.ports,
    });
    const { pid } = await this.host.startInit(id, {});
    assert.equal(pid, initPid);
    return { ...streams, pid };
  }

  wait(id: string, pid: number, timeoutMs = 60_000): Promise<number> {
    return this.host.waitForProcess(id, pid, timeoutMs);
  }

  /** Ends and deletes the containers, then demands that nothing of them is left. */
  async close(...ids: readonly string[]): Promise<void> {
    try {
      for (const id of ids) {
        await this.host.shutdownContainer(id, "forced");
        for (const stream of this.#streams) stream.destroy();
        await this.#delete(id);
      }
      for (const stream of this.#streams) stream.destroy();
      await untilEmpty("mounts, processes, cgroups or state files", () => this.#leftovers());
      // The directory that the containers' cgroups shared is ours.
      for (const directory of cgroupDirectories(this.cgroup)) rmdirSync(directory);
      await untilEmpty("fds", () => difference(ownFds(), this.#before));
    } finally {
      this.reaper.stop();
      clearInterval(this.#alive);
      rmSync(this.directory, { recursive: true, force: true });
    }
  }

  async #delete(id: string): Promise<void> {
    await untilEmpty(`container ${id}`, async () => {
      try {
        await this.host.deleteContainerState(id);
        return [];
      } catch (error) {
        return [String(error)];
      }
    });
  }

  #leftovers(): string[] {
    const mounts = readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => line.includes(this.directory));
    const processes = readdirSync("/proc").filter(
      (name) => /^\d+$/.test(name) && readOrEmpty(`/proc/${name}/cgroup`).includes(this.cgroup),
    );
    const cgroups = cgroupDirectories(this.cgroup).flatMap((directory) => subdirectories(directory));
    const state = walk(join(this.directory, "state")).filter((path) => !lstatSync(path).isDirectory());
    return [...mounts, ...processes.map((pid) => `process ${pid}`), ...cgroups, ...state];
  }
}

export async function refused(promise: Promise<unknown>, kind: ErrorKind, text?: RegExp): Promise<void> {
  await assert.rejects(promise, (error: Error) => {
    assert.ok(isKind(error, kind), `wanted ${kind}, got ${error}`);
    if (text !== undefined) assert.match(error.message, text);
    return true;
  });
}

/** A guest for one test; its containers end with it, and nothing may be left. */
export async function withGuest(
  ids: readonly string[],
  test: (guest: LiveGuest) => Promise<void>,
  options: Partial<GcsOptions> = {},
): Promise<void> {
  const guest = await LiveGuest.create(options);
  try {
    await test(guest);
  } catch (error) {
    await guest.close(...ids).catch(() => {});
    throw error;
  }
  await guest.close(...ids);
}

async function untilEmpty(what: string, list: () => string[] | Promise<string[]>): Promise<void> {
  const deadline = Date.now() + SETTLES_WITHIN_MS;
  for (;;) {
    const left = await list();
    if (left.length === 0) return;
    if (Date.now() > deadline) assert.fail(`${what} left over: ${left.join("; ")}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What our fds point to, the runtime's own poll and timer fds aside. */
function ownFds(): string[] {
  return readdirSync("/proc/self/fd")
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return "";
      }
    })
    .filter((target) => target !== "" && !target.startsWith("anon_inode:") && !/^\/proc\/\d+\/fd$/.test(target));
}

/** Elements of `now` beyond those of `before`: pipes and sockets by number are the same only if they were there. */
function difference(now: readonly string[], before: readonly string[]): string[] {
  const known = [...before];
  return now.filter((target) => {
    const index = known.indexOf(target);
    if (index >= 0) known.splice(index, 1);
    return index < 0;
  });
}

function cgroupDirectories(name: string): string[] {
  const roots = ["/sys/fs/cgroup", ...subdirectories("/sys/fs/cgroup")];
  // A v1 controller may be mounted from below its root for us: runc then puts its path below our own cgroup.
  const own = readFileSync("/proc/self/cgroup", "utf8")
    .split("\n")
    .map((line) => line.split(":")[2] ?? "/");
  const places = new Set(roots.flatMap((root) => [join(root, name), ...own.map((path) => join(root, path, name))]));
  return [...places].filter((path) => existsSync(path));
}

function subdirectories(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(path, entry.name));
  } catch {
    return [];
  }
}

function walk(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name));
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
