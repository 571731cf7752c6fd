import { invalidArgument, unimplemented } from "../../errors/shim-error.ts";
import type { Mount } from "../events.ts";

const DMVERITY = "X-containerd.dmverity";

/** What containerd's mount manager would have done before the mount, where the runtime takes it on itself (1.18). */
export type MountPrefix = "format" | "mkdir";

export interface TypedMount extends Mount {
  readonly prefixes: readonly MountPrefix[];
}

/** A mount whose templates are filled in. */
export interface ReadyMount extends Mount {
  /** To be made before it is mounted. */
  readonly directories: readonly MountDirectory[];
}

export interface MountDirectory {
  readonly path: string;
  readonly mode: number;
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/** An earlier mount of the list, as `{{ mount 0 }}` and `{{ source 0 }}` name it. */
export interface MountedBefore {
  readonly mountPoint: string;
  readonly source: string;
  readonly target: string;
}

/** "format/mkdir/overlay" apart. Throws invalid-argument for a prefix that is not taken on. */
export function typed(mount: Mount): TypedMount {
  const words = mount.type.split("/");
  const type = words.pop() ?? "";
  const prefixes = words.map((word) => {
    if (word === "format" || word === "mkdir") return word;
    throw invalidArgument(
      `${describeMount(mount)}: what "${word}/" asks for is not done here, containerd has to do it`,
    );
  });
  return { ...mount, type, prefixes };
}

/** Fills in the templates and takes the notes to the mount manager out of the options. */
export function ready(mount: TypedMount, before: readonly MountedBefore[]): ReadyMount {
  const { type, prefixes } = mount;
  const fill = (text: string): string => (prefixes.length === 0 ? text : expand(text, before, mount));
  const options = mount.options.map(fill);
  const notes = prefixes.includes("mkdir") ? options.filter((option) => option.startsWith(MKDIR)) : [];
  return {
    type,
    source: fill(mount.source),
    target: fill(mount.target),
    options: options.filter((option) => !notes.includes(option)),
    directories: notes.map((note) => directory(note.slice(MKDIR.length), mount)),
  };
}

/** For messages: what a person finds again in the list. */
export function describeMount({ type, source }: Pick<Mount, "type" | "source">): string {
  return `mount of type ${type} from ${source === "" ? "nowhere" : source}`;
}

const MKDIR = "X-containerd.mkdir.path=";

/** The part of Go's templates that containerd documents: one function of mount indexes. */
function expand(text: string, before: readonly MountedBefore[], mount: Mount): string {
  const at = (index: string): MountedBefore => {
    const found = before[Number(index)];
    if (found !== undefined) return found;
    throw invalidArgument(
      `${describeMount(mount)}: "${text}" names mount ${index}, only ${before.length} come before it`,
    );
  };
  const filled = text.replace(/\{\{-?\s*(\w+)((?:\s+\d+)+)\s*-?\}\}/g, (whole, name: string, numbers: string) => {
    const [first = "", last = first, ...rest] = numbers.trim().split(/\s+/);
    if (rest.length > 0) return whole;
    if (name === "overlay")
      return range(Number(first), Number(last))
        .map((i) => at(String(i)).mountPoint)
        .join(":");
    if (first !== last) return whole;
    if (name === "mount") return at(first).mountPoint;
    if (name === "source") return at(first).source;
    if (name === "target") return at(first).target;
    return whole;
  });
  if (filled.includes("{{")) throw invalidArgument(`${describeMount(mount)}: template "${text}" is not understood`);
  return filled;
}

/** Both ends included, in either direction. */
function range(first: number, last: number): number[] {
  const step = first <= last ? 1 : -1;
  return Array.from({ length: Math.min(Math.abs(last - first), 1000) + 1 }, (_, i) => first + i * step);
}

/** path[:mode[:uid:gid]] */
function directory(note: string, mount: Mount): MountDirectory {
  const match = /^(\/[^:]*)(?::([0-7]{3,4})(?::(\d+):(\d+))?)?$/.exec(note);
  if (match === null || match[1]?.split("/").includes("..")) {
    throw invalidArgument(
      `${describeMount(mount)}: "${MKDIR}${note}" is not path[:mode[:uid:gid]] of an absolute path`,
    );
  }
  const [, path = "", mode = "700", uid, gid] = match;
  const owner = uid === undefined ? {} : { owner: { uid: Number(uid), gid: Number(gid) } };
  return { path, mode: Number.parseInt(mode, 8), ...owner };
}

/** An integrity that was asked for is not left out in silence. */
export function refuseVerity(mount: Pick<Mount, "type" | "source" | "options">): void {
  if (!mount.options.some((option) => option.startsWith(DMVERITY))) return;
  throw unimplemented(
    `${describeMount(mount)}: dm-verity is not supported: unset it in the snapshotter's configuration`,
  );
}
