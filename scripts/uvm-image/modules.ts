import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { readElf } from "./elf.ts";

export interface KernelModule {
  /** With underscores, as the kernel counts names. */
  readonly name: string;
  /** From the kernel's folder of modules. */
  readonly path: string;
  readonly depends: readonly string[];
  /** To be loaded before it, where there is such a module. */
  readonly softDepends: readonly string[];
  readonly aliases: readonly string[];
}

/** The modules of one kernel; what is built in is known by name. */
export interface ModuleIndex {
  readonly modules: ReadonlyMap<string, KernelModule>;
  readonly builtIn: ReadonlySet<string>;
}

export function readModuleIndex(directory: string): ModuleIndex {
  const modules = new Map<string, KernelModule>();
  for (const path of readdirSync(directory, { recursive: true, encoding: "utf8" }).sort()) {
    if (!path.endsWith(".ko")) continue;
    const info = readElf(readFileSync(join(directory, path)))?.moduleInfo ?? [];
    const module = describeModule(path, info);
    modules.set(module.name, module);
  }
  const builtIn = readFileSync(join(directory, "modules.builtin"), "utf8").split("\n").filter(Boolean).map(moduleName);
  return { modules, builtIn: new Set(builtIn) };
}

/** `info`: the module's .modinfo. */
export function describeModule(path: string, info: readonly (readonly [string, string])[]): KernelModule {
  const all = (key: string): string[] => info.filter(([name]) => name === key).map(([, value]) => value);
  return {
    name: moduleName(path),
    path,
    depends: all("depends").flatMap((list) => list.split(",").filter(Boolean).map(moduleName)),
    softDepends: all("softdep").flatMap(preDependencies),
    aliases: all("alias"),
  };
}

/** `softdep` reads "pre: a b post: c". */
function preDependencies(text: string): string[] {
  const words = text.split(/\s+/).filter(Boolean);
  let pre = false;
  return words.flatMap((word) => {
    if (word.endsWith(":")) {
      pre = word === "pre:";
      return [];
    }
    return pre ? [moduleName(word)] : [];
  });
}

/** The file names have hyphens or underscores, the kernel makes no difference. */
function moduleName(path: string): string {
  return basename(path).replace(/\.ko$/, "").replaceAll("-", "_");
}

/**
 * These modules and all that they need, each after what it needs. What is built in is left out. Throws for a name that
 * the kernel does not have, and for a circle.
 */
export function loadOrder({ modules, builtIn }: ModuleIndex, wanted: readonly string[]): KernelModule[] {
  const order = new Set<KernelModule>();
  const visit = (name: string, path: readonly string[]): void => {
    const module = modules.get(name);
    if (module === undefined) {
      if (builtIn.has(name)) return;
      throw new Error(`the kernel has no module ${name}${path.length > 0 ? ` (needed by ${path.join(" < ")})` : ""}`);
    }
    if (order.has(module)) return;
    if (path.includes(name)) throw new Error(`modules need each other: ${[...path, name].join(" > ")}`);
    for (const soft of module.softDepends) if (modules.has(soft)) visit(soft, [...path, name]);
    for (const hard of module.depends) visit(hard, [...path, name]);
    order.add(module);
  };
  for (const name of wanted) visit(moduleName(name), []);
  return [...order];
}

/** modules.dep as depmod writes it: a path, and those that it needs, the last to be loaded first. */
export function modulesDep(index: ModuleIndex, chosen: readonly KernelModule[]): string {
  const line = (module: KernelModule): string => {
    const needed = loadOrder(index, [module.name]).filter((other) => other !== module);
    return `${module.path}:${needed
      .reverse()
      .map(({ path }) => ` ${path}`)
      .join("")}\n`;
  };
  return sortByPath(chosen).map(line).join("");
}

/** modules.alias: what the kernel asks modprobe for (fs-overlay, pci:v00001AF4...), and who it is. */
export function modulesAlias(chosen: readonly KernelModule[]): string {
  return sortByPath(chosen)
    .flatMap(({ name, aliases }) => aliases.map((alias) => `alias ${alias} ${name}\n`))
    .join("");
}

function sortByPath(modules: readonly KernelModule[]): KernelModule[] {
  return [...modules].sort((a, b) => (a.path < b.path ? -1 : 1));
}
