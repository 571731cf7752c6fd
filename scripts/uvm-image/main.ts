/**
 * Builds the image of the utility VM: `main.ts [--out DIR] [--cache DIR] [--force]`. Prints the parts and their sizes.
 * Does nothing when DIR holds an image of the same inputs already.
 */
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type CpioEntry, writeCpio } from "./cpio.ts";
import { buildGcs, bunVersion, hashGcsSource } from "./gcs-program.ts";
import { describeFiles, hashInputs, imageFiles, type Manifest, readCurrent, sha256 } from "./manifest.ts";
import { type KernelModule, loadOrder, readModuleIndex } from "./modules.ts";
import { type DebianPackage, firstDependency, resolvePackages, unpackPackages } from "./packages.ts";
import * as recipe from "./recipe.ts";
import { writeRootTree } from "./root-tree.ts";

const here = import.meta.dirname;

interface Inputs {
  readonly kernel: DebianPackage;
  readonly guest: readonly DebianPackage[];
  readonly tools: readonly DebianPackage[];
  readonly hash: string;
}

function collectInputs(): Inputs {
  const [meta, ...packages] = resolvePackages([recipe.kernelPackage, ...recipe.guestPackages, ...recipe.toolPackages]);
  if (meta === undefined) throw new Error("the recipe names no kernel");
  const [kernel] = resolvePackages([firstDependency(meta)]);
  if (kernel === undefined) throw new Error(`package ${meta.name} leads to no kernel`);
  const sources = readdirSync(here).filter((name) => !name.endsWith(".test.ts"));
  const hash = hashInputs({
    ...Object.fromEntries([kernel, ...packages].map(({ name, sha256: archive }) => [`package ${name}`, archive])),
    ...Object.fromEntries(sources.map((name) => [`source ${name}`, sha256(readFileSync(join(here, name)))])),
    gcs: hashGcsSource(),
    bun: bunVersion(),
  });
  const guest = packages.slice(0, recipe.guestPackages.length);
  return { kernel, guest, tools: packages.slice(recipe.guestPackages.length), hash };
}

/** `work` is a scratch folder beside the outputs. */
function build(inputs: Inputs, work: string, cache: string): Manifest {
  const { kernel, guest, tools } = inputs;
  const trees = unpackPackages([kernel, ...guest, ...tools], cache);
  const tree = ({ name }: DebianPackage): string => trees.get(name) ?? "";

  const [release = ""] = readdirSync(join(tree(kernel), "lib/modules"));
  const moduleDirectory = join(tree(kernel), "lib/modules", release);
  const index = readModuleIndex(moduleDirectory);
  const boot = loadOrder(index, recipe.bootModules);
  const early = loadOrder(index, [...recipe.bootModules, ...recipe.earlyModules]).slice(boot.length);
  const all = loadOrder(index, [...recipe.bootModules, ...recipe.earlyModules, ...recipe.laterModules]);

  copyFileSync(join(tree(kernel), `boot/vmlinuz-${release}`), join(work, "vmlinuz"));
  const guestTrees = guest.map(tree);
  const find = (path: string): string => {
    const found = guestTrees.map((each) => join(each, path)).find((each) => statSync(each, { throwIfNoEntry: false }));
    if (found === undefined) throw new Error(`no package of the recipe has ${path}`);
    return found;
  };
  writeFileSync(
    join(work, "initrd.cpio"),
    initramfs(find(recipe.programs["usr/bin/busybox"] ?? ""), boot, moduleDirectory),
  );

  buildGcs(join(work, "gcs"));
  const programs = Object.fromEntries(Object.entries(recipe.programs).map(([path, source]) => [path, find(source)]));
  const libraries = writeRootTree(join(work, "root"), {
    programs: { ...programs, "usr/bin/gcs": join(work, "gcs") },
    packageTrees: guestTrees,
    openedLibraries: recipe.openedLibraries,
    applets: recipe.applets,
    kernelRelease: release,
    moduleDirectory,
    moduleIndex: index,
    modules: all,
    texts: {
      "etc/hostname": "uvm\n",
      "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
      "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
      "etc/group": "root:x:0:\ntty:x:5:\n",
      "etc/os-release": `ID=uvm-shim\nNAME="uvm-shim utility VM"\nIMAGE_VERSION=${inputs.hash.slice(0, 12)}\n`,
      "usr/lib/uvm/early-modules": recipe.earlyModules.map((name) => `${name}\n`).join(""),
    },
  });
  makeErofs(join(work, "root"), join(work, "root.erofs"), tools.map(tree));

  const names = (modules: readonly KernelModule[]): string[] => modules.map(({ name }) => name);
  return {
    inputHash: inputs.hash,
    kernelRelease: release,
    packages: [kernel, ...guest, ...tools]
      .filter((each, at, list) => list.findIndex(({ name }) => name === each.name) === at)
      .map(({ name, version, sha256: archive }) => ({ name, version, sha256: archive })),
    bun: bunVersion(),
    modules: { boot: names(boot), early: names(early), later: names(all.slice(boot.length + early.length)) },
    libraries,
    files: describeFiles(work),
  };
}

function initramfs(busybox: string, modules: readonly KernelModule[], moduleDirectory: string): Buffer {
  const directory = (path: string): CpioEntry => ({ kind: "directory", path, mode: 0o755 });
  const file = (path: string, data: Uint8Array, mode: number): CpioEntry => ({ kind: "file", path, mode, data });
  return writeCpio([
    ...["bin", "dev", "modules", "proc", "root"].map(directory),
    // The kernel opens it for us before there is a devtmpfs.
    { kind: "character-device", path: "dev/console", mode: 0o600, device: [5, 1] },
    file("init", readFileSync(join(here, "init")), 0o755),
    file("bin/busybox", readFileSync(busybox), 0o755),
    file("modules/order", Buffer.from(modules.map(({ name }) => `${name}.ko\n`).join("")), 0o644),
    ...modules.map(({ name, path }) => file(`modules/${name}.ko`, readFileSync(join(moduleDirectory, path)), 0o644)),
  ]);
}

/** Uncompressed: unpacking costs more than reading, most of all where instructions are emulated. */
function makeErofs(root: string, image: string, toolTrees: readonly string[]): void {
  const at = (path: string): string =>
    toolTrees.map((tree) => join(tree, path)).find((each) => statSync(each, { throwIfNoEntry: false })) ?? path;
  const libraries = toolTrees.flatMap((tree) => ["lib", "usr/lib"].map((lib) => join(tree, lib, "x86_64-linux-gnu")));
  execFileSync(
    at("lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"),
    [
      ...["--library-path", libraries.join(":"), at("usr/bin/mkfs.erofs")],
      ...["--quiet", "--all-root", `-T${recipe.timestamp}`, `-U${recipe.fileSystemUuid}`, image, root],
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
}

function report(manifest: Manifest, root: string | undefined): void {
  const size = (bytes: number): string => `${(bytes / 1e6).toFixed(1).padStart(7)} MB`;
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  say(`kernel ${manifest.kernelRelease}, ${manifest.packages.length} packages, Bun ${manifest.bun}`);
  for (const name of imageFiles) say(`${size(manifest.files[name]?.bytes ?? 0)}  ${name}`);
  if (root === undefined) return;
  const total = (path: string): number => {
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    if (stat === undefined) return 0;
    if (!stat.isDirectory()) return stat.size;
    return readdirSync(join(root, path)).reduce((sum, name) => sum + total(join(path, name)), 0);
  };
  for (const path of ["usr/bin/gcs", ...Object.keys(recipe.programs), "usr/lib/x86_64-linux-gnu", "usr/lib/modules"]) {
    say(`${size(total(path))}    in root.erofs: /${path}`);
  }
}

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "out/uvm" },
    cache: { type: "string", default: "out/uvm-cache" },
    force: { type: "boolean", default: false },
  },
});
process.umask(0o022);
const inputs = collectInputs();
const current = values.force ? undefined : readCurrent(values.out, inputs.hash);
if (current !== undefined) {
  process.stdout.write(`${values.out} is up to date\n`);
  report(current, undefined);
} else {
  mkdirSync(values.out, { recursive: true });
  const work = mkdtempSync(join(values.out, ".build-"));
  try {
    const manifest = build(inputs, work, values.cache);
    // Without its manifest an image is no image: it goes first and comes last.
    rmSync(join(values.out, "manifest.json"), { force: true });
    for (const name of imageFiles) renameSync(join(work, name), join(values.out, name));
    writeFileSync(join(work, "manifest.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
    renameSync(join(work, "manifest.json"), join(values.out, "manifest.json"));
    report(manifest, join(work, "root"));
  } finally {
    rmSync(work, { recursive: true });
  }
}
