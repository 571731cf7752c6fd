import type { Import, Source } from "./sources.ts";

/**
 * The floors of the house, top first. A folder imports only from floors below its
 * own; folders on one floor do not know each other. The lowest floors are "the
 * ground" of docs/architecture.md, in the order in which they may use each other.
 */
export const floors: readonly (readonly string[])[] = [
  ["cmd"],
  ["src/shim"],
  ["src/service", "src/vmservice"],
  ["src/vm"],
  ["src/orchestration"],
  ["src/vmmanager"],
  ["src/gcs", "src/guestmanager"],
  ["src/transport", "src/ttrpc", "src/prot", "src/stdio"],
  ["src/config", "src/log", "src/tracing"],
  ["src/oci"],
  ["src/sys", "src/generated", "src/failpoint"],
  ["src/errors"],
];

const outside = ["scripts", "test"];

/** One line for each import that the rules forbid: `file:line: what, and the rule`. */
export function checkLayers(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    source.imports.flatMap((imported) => {
      const broken = brokenRule(source.path, imported);
      return broken === undefined ? [] : [`${source.path}:${imported.line}: ${broken}`];
    }),
  );
}

function brokenRule(path: string, imported: Import): string | undefined {
  const { target } = imported;
  const home = folderOf(path);
  if (outside.includes(home)) return undefined;
  if (target === undefined) return brokenRuntimeRule(path, imported.specifier);

  const isTest = path.endsWith(".test.ts");
  const there = folderOf(target);
  if (outside.includes(there)) {
    return isTest ? undefined : `imports ${target}: the product does not depend on tests or scripts`;
  }
  const from = floorOf(home);
  const to = floorOf(there);
  if (from === undefined) return `${home} stands on no floor: give it one in scripts/check/layers.ts`;
  if (to === undefined) return `imports ${target}, which stands on no floor: give it one in scripts/check/layers.ts`;

  const stack = stackOf(target);
  if (stack !== undefined && home !== "cmd" && !isOn(home, stack) && stackOf(path) !== stack && !isTest) {
    return `imports ${target}: only cmd/ names a virtualization stack`;
  }
  if (home === there) return brokenProgramRule(path, imported, target);
  if (to < from) return `imports ${target}: ${there} stands above ${home}`;
  // A test may bring the sibling as the real peer; it still may not look up.
  if (to === from && !isTest) return `imports ${target}: ${there} and ${home} stand on one floor`;
  return undefined;
}

/**
 * One executable may hold several programs: each is then loaded as it is asked for, by its `program.ts`. And all programs
 * choose a stack in one place, the shim's `stacks.ts`.
 */
function brokenProgramRule(path: string, { isStatic }: Import, target: string): string | undefined {
  const [top, program, file] = target.split("/");
  if (top !== "cmd" || path.split("/")[1] === program) return undefined;
  if (!isStatic && /^(program|stacks(\.windows)?)\.ts$/.test(file ?? "")) return undefined;
  return `imports ${target}: programs do not import each other, but lazily a program.ts or stacks.ts`;
}

function brokenRuntimeRule(path: string, specifier: string): string | undefined {
  const runtimeOnly = specifier === "bun" || specifier.startsWith("bun:") || specifier === "koffi";
  if (!runtimeOnly || folderOf(path) === "src/sys") return undefined;
  return `imports ${specifier}: only src/sys names a runtime`;
}

function folderOf(path: string): string {
  const parts = path.split("/");
  return parts[0] === "src" ? parts.slice(0, 2).join("/") : (parts[0] ?? "");
}

function floorOf(folder: string): number | undefined {
  const floor = floors.findIndex((folders) => folders.includes(folder));
  return floor === -1 ? undefined : floor;
}

/** nerdbox's interface is one of a hypervisor: ours is QEMU. */
function isOn(home: string, stack: string): boolean {
  return home === "src/vm" && stack === "qemu";
}

function stackOf(path: string): string | undefined {
  return /^src\/vmmanager\/stacks\/([^/]+)\//.exec(path)?.[1];
}
