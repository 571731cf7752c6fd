import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { invalidArgument, ShimError } from "../../errors/shim-error.ts";
import { within } from "../../errors/within.ts";
import { POD_NAMESPACE } from "../../prot/resources/pod.ts";
import { mountOne, unmountRecursive } from "../../sys/mount.ts";
import { makeNamespace } from "../../sys/namespace.ts";
import type { ChildProcess, Runtime } from "../../sys/runtime.ts";
import { objectMember } from "./oci-members.ts";

type Json = Readonly<Record<string, unknown>>;
interface Namespace {
  readonly type: string;
  readonly path?: string;
}
interface Mount {
  readonly destination?: unknown;
  readonly type?: unknown;
  readonly options?: unknown;
}

/**
 * The first process of a pid namespace, which the namespace lives by: reaps what its namespace orphans. A container of the
 * namespace may kill what it waits for (never itself), so that is begun anew.
 */
const FIRST = "while :; do sleep 2147483647 & wait; done";
/**
 * Its parent, which is outside of the namespace (only its children are in it) and so out of the containers' reach: tells the
 * first process's pid, ends when that does, and ends it when its own stdin ends, thus with us, however we end. It waits by a
 * builtin, as a child would be inside.
 */
const KEEPER = `trap 'exit 1' CHLD
sh -c '${FIRST}' </dev/null >/dev/null &
echo $!
read -r rest
trap - CHLD
kill -KILL $!
wait`;
const INIT_WITHIN_MS = 10_000;
const END_MS = 2_000;

const SHM = "/dev/shm";
/** Of the mount itself: a bind has them too. The rest were the file system's. */
const BIND_OPTIONS = new Set(["ro", "rw", "nosuid", "suid", "nodev", "dev", "noexec", "exec"]);

/**
 * The namespaces that this guest keeps for its pod, so that containers which come and go share them. Each is made for the
 * first container that asks for it by POD_NAMESPACE: IPC and UTS are kept by mounts, and need no process; a pid namespace
 * needs a first process. With the IPC namespace goes one /dev/shm, as by Kubernetes' rules.
 */
export class PodNamespaces {
  /** Of the UTS namespace; "": as the guest's own. To be set before the first container. */
  hostname = "";
  readonly #directory: string;
  readonly #spawn: Runtime["spawn"];
  readonly #made = new Map<string, Promise<string>>();
  #keeper: ChildProcess | undefined;

  /** `directory`: ours alone; made where it is needed. */
  constructor(directory: string, spawn: Runtime["spawn"]) {
    this.#directory = directory;
    this.#spawn = spawn;
  }

  /** The specification with the pod's namespaces by their paths. Throws invalid-argument for a type that is not kept. */
  async join(specification: Json): Promise<Json> {
    const linux = objectMember(specification, "linux");
    const given = linux?.namespaces;
    if (!Array.isArray(given) || !given.some(isPods)) return specification;
    const namespaces = [];
    for (const each of given as Namespace[]) {
      namespaces.push(isPods(each) ? { ...each, path: await this.#namespace(each.type) } : each);
    }
    const joined = { ...specification, linux: { ...linux, namespaces } };
    const mounts = specification.mounts;
    const sharesIpc = (given as Namespace[]).some((each) => isPods(each) && each.type === "ipc");
    if (!sharesIpc || !Array.isArray(mounts)) return joined;
    return { ...joined, mounts: mounts.map((mount: Mount) => (isShm(mount) ? this.#shm(mount) : mount)) };
  }

  /** Everything is given back; who is still in a pid namespace is killed by the kernel. */
  async release(): Promise<void> {
    await Promise.allSettled(this.#made.values());
    this.#made.clear();
    const keeper = this.#keeper;
    this.#keeper = undefined;
    keeper?.pipes[0]?.end();
    unmountRecursive(this.#directory);
    rmSync(this.#directory, { recursive: true, force: true });
    if (keeper !== undefined) await within(END_MS, keeper.exited);
  }

  #namespace(type: string): Promise<string> {
    const made = this.#made.get(type) ?? this.#make(type);
    this.#made.set(type, made);
    made.catch(() => this.#made.delete(type));
    return made;
  }

  async #make(type: string): Promise<string> {
    switch (type) {
      case "ipc":
        return this.#pin(type, () => {});
      case "uts":
        // Through /proc, which for a writer in the namespace is the namespace's.
        return this.#pin(type, () => {
          if (this.hostname !== "") writeFileSync("/proc/sys/kernel/hostname", this.hostname);
        });
      case "pid":
        return this.#startInit();
      default:
        throw invalidArgument(`a pod has no ${type} namespace of its own here; cannot join it`);
    }
  }

  #pin(type: "ipc" | "uts", prepare: () => void): string {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const path = join(this.#directory, type);
    makeNamespace(type, path, prepare);
    return path;
  }

  async #startInit(): Promise<string> {
    const argv = ["unshare", "--pid", "sh", "-c", KEEPER];
    const keeper = this.#spawn(argv, { stdio: ["pipe", "pipe", "null"], detached: true });
    const [stdin, stdout] = keeper.pipes;
    this.#keeper = keeper;
    void keeper.exited.then(() => {
      stdin?.destroy();
      if (this.#keeper !== keeper) return;
      this.#keeper = undefined;
      this.#made.delete("pid");
    });
    stdin?.open({ data() {}, end() {}, drain() {}, close() {} });
    const pid = Number(await within(INIT_WITHIN_MS, firstLine(stdout)));
    if (!Number.isInteger(pid) || pid <= 0) {
      stdin?.end();
      throw new ShimError(
        "internal",
        `a pid namespace for the pod cannot be made: ${argv.slice(0, 3).join(" ")} failed`,
      );
    }
    return `/proc/${pid}/ns/pid`;
  }

  /** The pod's one tmpfs, as the first container wants it, bound in place of one of the container's own. */
  #shm(mount: Mount): object {
    const source = join(this.#directory, "shm");
    const options = Array.isArray(mount.options) ? mount.options.filter((each) => typeof each === "string") : [];
    if (!this.#made.has(SHM)) {
      mkdirSync(source, { recursive: true });
      mountOne({ type: "tmpfs", source: "shm", options }, source);
      this.#made.set(SHM, Promise.resolve(source));
    }
    const kept = options.filter((option) => BIND_OPTIONS.has(option));
    return { destination: SHM, type: "bind", source, options: ["bind", "rprivate", ...kept] };
  }
}

function isPods(namespace: unknown): namespace is Namespace {
  return typeof namespace === "object" && namespace !== null && "path" in namespace && namespace.path === POD_NAMESPACE;
}

function isShm(mount: Mount): boolean {
  return mount?.destination === SHM && mount.type === "tmpfs";
}

/** "" where the stream ends before it. */
function firstLine(stream: ChildProcess["pipes"][number]): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const done = (): void => resolve(text.split("\n")[0] ?? "");
    stream?.open({
      data(chunk) {
        text += Buffer.from(chunk).toString("latin1");
        if (text.includes("\n")) done();
      },
      end: done,
      drain() {},
      close: done,
    });
    if (stream === undefined) done();
  });
}
