/** The mount table, /proc/PID/mountinfo (proc(5)). */
import { readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

export interface MountEntry {
  readonly id: number;
  readonly parentId: number;
  /** The directory of its file system that is mounted here. */
  readonly root: string;
  readonly mountPoint: string;
  readonly options: readonly string[];
  /** "shared:2", "master:3"...; none: private. */
  readonly propagation: readonly string[];
  readonly fsType: string;
  readonly source: string;
  readonly superOptions: readonly string[];
}

/**
 * In the order of the kernel: a mount on top of another comes after it. `holding`: only of lines with this in them, as the
 * kernel writes it. A node with a hundred pods has thousands of mounts, and to take all lines apart is 10 ms.
 */
export function parseMountInfo(text: string, holding = ""): MountEntry[] {
  const entries: MountEntry[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || !line.includes(holding)) continue;
    // The optional fields end at a lone dash.
    const [before = "", after = ""] = splitAt(line, " - ");
    const [id, parentId, , root = "", mountPoint = "", options = "", ...propagation] = before.split(" ");
    const [fsType = "", source = "", superOptions = ""] = after.split(" ");
    entries.push({
      id: Number(id),
      parentId: Number(parentId),
      root: unescapeOctal(root),
      mountPoint: unescapeOctal(mountPoint),
      options: options.split(","),
      propagation,
      fsType,
      source: unescapeOctal(source),
      superOptions: superOptions.split(","),
    });
  }
  return entries;
}

export function mountTable(pid: number | "self" = "self", holding?: string): MountEntry[] {
  return parseMountInfo(readFileSync(`/proc/${pid}/mountinfo`, "utf8"), holding);
}

/** The mount points at and below a path, parents first. */
export function mountsUnder(path: string): string[] {
  const top = resolveParent(path);
  const below = top === "/" ? "/" : `${top}/`;
  return mountTable("self", escapeOctal(top))
    .map(({ mountPoint }) => mountPoint)
    .filter((mountPoint) => mountPoint === top || mountPoint.startsWith(below));
}

/** The kernel tells resolved paths. The last part is not looked at: what is mounted there may hang (a dead share). */
function resolveParent(path: string): string {
  const clean = path.length > 1 ? path.replace(/\/+$/, "") : path;
  try {
    return join(realpathSync(dirname(clean)), basename(clean));
  } catch {
    return clean;
  }
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

function escapeOctal(text: string): string {
  return text.replace(/[ \t\n\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

/** Space, tab, newline and backslash are octal escapes, of bytes; all are ASCII. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
