import { createHash } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { poolOf, SPARES } from "../../src/shim/spare/pool.ts";
import { TAP_PREFIX } from "../../src/vmmanager/host-network/host-link.ts";

/** By what a test's own things are known among those of the whole host. */
export interface Marks {
  /** The environment of containerd, and of all that inherits it, has `UVM_SHIM_TEST=<marker>`. */
  readonly marker: string;
  /** Below it live all files; a process or mount that names it is ours. */
  readonly directory: string;
  /** A containerd namespace that nobody else uses; cgroups and runc's state carry it. */
  readonly namespace: string;
  /** containerd's gRPC address: with namespace and id it makes a shim socket's name. */
  readonly address: string;
  readonly ids: ReadonlySet<string>;
  /** containerd itself, known by role: a restarted one has another pid. Undefined while it is down. */
  readonly containerd: number | undefined;
  /** Daemons that live on; their descriptors are counted too. */
  readonly watched: readonly number[];
}

/** What a test holds at one moment, one line for each thing, sorted by kind. */
export interface Inventory {
  readonly processes: readonly string[];
  readonly sockets: readonly string[];
  readonly mounts: readonly string[];
  /** Of a VM's network, where they must never be: among this host's own links. */
  readonly taps: readonly string[];
  readonly cgroups: readonly string[];
  readonly fifos: readonly string[];
  /** Bundles, runc's state and whatever else stands under /run or the state directory. */
  readonly files: readonly string[];
  /** Open descriptors of containerd and the watched processes: "owner kind" -> count. */
  readonly descriptors: ReadonlyMap<string, number>;
}

export const markerName = "UVM_SHIM_TEST";

export function takeInventory(marks: Marks): Inventory {
  return {
    processes: daemonsAndContainers(marks).map(({ pid, title }) => `process ${pid}: ${title}`),
    sockets: shimSockets(marks).map((path) => `socket ${path}`),
    mounts: ownMounts(marks).map((path) => `mount ${path}`),
    taps: namesIn("/sys/class/net").flatMap((name) => (name.startsWith(TAP_PREFIX) ? [`tap ${name}`] : [])),
    cgroups: ownCgroups(marks).map((path) => `cgroup ${path}`),
    fifos: walk(join(marks.directory, "fifo"), 4).map((path) => `FIFO ${path}`),
    files: ownFiles(marks).map((path) => `file ${path}`),
    descriptors: new Map([
      ...(marks.containerd === undefined ? [] : countDescriptors("containerd", marks.containerd)),
      ...marks.watched.flatMap((pid) => [...countDescriptors(`process ${pid}`, pid)]),
    ]),
  };
}

function daemonsAndContainers(marks: Marks): OwnProcess[] {
  return ownProcesses(marks).filter(({ pid }) => pid !== marks.containerd);
}

/** What is there now and was not before: one line for each leak. */
export function leaks(before: Inventory, now: Inventory): string[] {
  const kinds = ["processes", "sockets", "mounts", "taps", "cgroups", "fifos", "files"] as const;
  const added = kinds.flatMap((kind) => now[kind].filter((line) => !before[kind].includes(line)));
  for (const [kind, count] of now.descriptors) {
    const earlier = before.descriptors.get(kind) ?? 0;
    if (count > earlier) added.push(`descriptors ${kind}: ${earlier} before, ${count} now`);
  }
  return added;
}

export interface OwnProcess {
  readonly pid: number;
  readonly title: string;
}

/** Processes that inherited the marker (QEMU and virtiofsd do), name our directory or namespace, or sit in a cgroup of our namespace. */
export function ownProcesses(marks: Pick<Marks, "marker" | "directory" | "namespace">): OwnProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const cmdline = readOrEmpty(`/proc/${name}/cmdline`).split("\0");
      const environ = readOrEmpty(`/proc/${name}/environ`).split("\0");
      const cgroups = readOrEmpty(`/proc/${name}/cgroup`);
      const ours =
        environ.includes(`${markerName}=${marks.marker}`) ||
        cmdline.some((argument) => argument === marks.namespace || argument.includes(marks.directory)) ||
        cgroups.includes(`/${marks.namespace}/`);
      return ours
        ? [{ pid: Number(name), title: cmdline.join(" ").trim() || readOrEmpty(`/proc/${name}/comm`).trim() }]
        : [];
    });
}

/** The names that containerd and its shims agree on (reference: containerd-shim 1.8). */
export function socketPath(address: string, namespace: string, id: string): string {
  const digest = createHash("sha256")
    .update(join(address, namespace, id))
    .digest("hex");
  return `/run/containerd/s/${digest}`;
}

export function shimSockets(marks: Pick<Marks, "address" | "namespace" | "ids">): string[] {
  const present = new Set(walk("/run/containerd/s", 1));
  return [...marks.ids].map((id) => socketPath(marks.address, marks.namespace, id)).filter((path) => present.has(path));
}

/** Mount points below our directory or in the state of our pods, here and in the mount namespaces of our processes. */
export function ownMounts(marks: Pick<Marks, "marker" | "directory" | "namespace">): string[] {
  const points = new Set<string>();
  for (const pid of ["self", ...ownProcesses(marks).map((own) => own.pid)]) {
    for (const line of readOrEmpty(`/proc/${pid}/mountinfo`).split("\n")) {
      const point = line.split(" ")[4]?.replaceAll("\\040", " ");
      if (point?.includes(marks.directory) || point?.split("/").includes(marks.namespace)) points.add(point);
    }
  }
  return [...points];
}

export function ownCgroups(marks: Pick<Marks, "namespace">): string[] {
  return walk("/sys/fs/cgroup", 8, "directories").filter((path) => path.includes(marks.namespace));
}

export function ownFiles(marks: Pick<Marks, "directory" | "namespace" | "address">): string[] {
  const bundles = walk(join(marks.directory, "state", "io.containerd.runtime.v2.task"), 2).filter((path) =>
    path.includes(`${marks.namespace}/`),
  );
  const elsewhere = walk("/run", 6).filter((path) => path.split("/").includes(marks.namespace));
  const spares = walk(SPARES, 1).filter((path) => path.startsWith(join(SPARES, `${poolOf(marks.address)}@`)));
  return [...bundles, ...elsewhere, ...spares];
}

function countDescriptors(owner: string, pid: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of namesIn(`/proc/${pid}/fd`)) {
    let target: string;
    try {
      target = readlinkSync(`/proc/${pid}/fd/${name}`);
    } catch {
      continue; // Closed since the listing.
    }
    // Its own database, opened when it is first used.
    if (target.endsWith("/metadata.db")) continue;
    const kind = /^(socket|pipe):/.exec(target)?.[1] ?? target;
    const key = `${owner} ${kind}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Paths below a directory; symbolic links are not followed. A directory that goes meanwhile is empty. */
function walk(directory: string, depth: number, only?: "directories"): string[] {
  return namesIn(directory, true).flatMap(({ name, isDirectory }) => {
    const path = join(directory, name);
    const below = isDirectory && depth > 1 ? walk(path, depth - 1, only) : [];
    return only === "directories" && !isDirectory ? below : [path, ...below];
  });
}

function namesIn(directory: string): string[];
function namesIn(directory: string, types: true): { name: string; isDirectory: boolean }[];
function namesIn(directory: string, types = false): string[] | { name: string; isDirectory: boolean }[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return types
      ? entries.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }))
      : entries.map((entry) => entry.name);
  } catch {
    return [];
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // The process is gone.
  }
}
