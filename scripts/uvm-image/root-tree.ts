import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { readElf } from "./elf.ts";
import { type KernelModule, type ModuleIndex, modulesAlias, modulesDep } from "./modules.ts";

const LIBRARIES = "usr/lib/x86_64-linux-gnu";
const LOADER = "usr/lib64/ld-linux-x86-64.so.2";

/** Mount points and links of a merged /usr; the root is read-only, what is written goes to /run and /tmp. */
const directories = ["dev", "etc", "proc", "root", "run", "sys", "tmp", "usr/bin", "usr/sbin", "usr/lib64", LIBRARIES];
const links = { bin: "usr/bin", sbin: "usr/sbin", lib: "usr/lib", lib64: "usr/lib64" } as const;

export interface RootContents {
  /** Path in the image -> file on this host. */
  readonly programs: Readonly<Record<string, string>>;
  /** Looked for where the linker looks, in these folders of unpacked packages. */
  readonly packageTrees: readonly string[];
  readonly openedLibraries: readonly string[];
  readonly applets: readonly string[];
  readonly kernelRelease: string;
  readonly moduleDirectory: string;
  readonly moduleIndex: ModuleIndex;
  readonly modules: readonly KernelModule[];
  /** Path in the image -> text. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Lays the tree of the root file system out in a new folder. Answers the libraries that it took. */
export function writeRootTree(root: string, contents: RootContents): string[] {
  mkdirSync(root);
  for (const directory of directories) makeDirectory(root, directory);
  for (const [link, target] of Object.entries(links)) symlinkSync(target, join(root, link));
  for (const [path, source] of Object.entries(contents.programs)) copy(root, path, source, 0o755);
  const libraries = closure(Object.values(contents.programs), contents.openedLibraries, contents.packageTrees);
  for (const [name, source] of libraries) {
    copy(root, name === basename(LOADER) ? LOADER : join(LIBRARIES, name), source, 0o755);
  }
  for (const applet of contents.applets) symlinkSync("busybox", join(root, "usr/bin", applet));
  symlinkSync("../bin/busybox", join(root, "usr/sbin/modprobe"));
  symlinkSync("mke2fs", join(root, "usr/sbin/mkfs.ext4"));

  const release = join("usr/lib/modules", contents.kernelRelease);
  for (const { path } of contents.modules) {
    copy(root, join(release, path), join(contents.moduleDirectory, path), 0o644);
  }
  const texts: Record<string, string> = {
    ...contents.texts,
    [join(release, "modules.dep")]: modulesDep(contents.moduleIndex, contents.modules),
    [join(release, "modules.alias")]: modulesAlias(contents.modules),
  };
  for (const [path, text] of Object.entries(texts)) write(root, path, text);
  return [...libraries.keys()];
}

/** Shared libraries that these programs and libraries need, those that they need in turn, and the loader. */
export function closure(
  programs: readonly string[],
  opened: readonly string[],
  packageTrees: readonly string[],
): Map<string, string> {
  const found = new Map<string, string>();
  const want = (name: string, wantedBy: string): void => {
    if (found.has(name)) return;
    const path = findLibrary(name, packageTrees);
    if (path === undefined) throw new Error(`${name}, which ${wantedBy} needs, is in no package of the recipe: add it`);
    found.set(name, path);
    look(path);
  };
  const look = (path: string): void => {
    const elf = readElf(readFileSync(path));
    if (elf === undefined) return;
    if (elf.interpreter !== undefined) want(basename(elf.interpreter), path);
    for (const name of elf.needed) want(name, path);
  };
  for (const path of programs) look(path);
  for (const name of opened) want(name, "the gcs");
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function findLibrary(name: string, packageTrees: readonly string[]): string | undefined {
  for (const tree of packageTrees) {
    for (const directory of ["lib/x86_64-linux-gnu", LIBRARIES, "lib64", "usr/lib64"]) {
      const path = join(tree, directory, name);
      // The loader's link in lib64 is absolute: it points out of the tree. The one beside the libc is meant.
      if (existsSync(path) && realpathSync(path).startsWith(realpathSync(tree))) return realpathSync(path);
    }
  }
  return undefined;
}

function makeDirectory(root: string, path: string): void {
  if (path === ".") return;
  makeDirectory(root, dirname(path));
  const directory = join(root, path);
  if (existsSync(directory)) return;
  mkdirSync(directory);
  // Whatever the umask.
  chmodSync(directory, 0o755);
}

function copy(root: string, path: string, source: string, mode: number): void {
  makeDirectory(root, dirname(path));
  copyFileSync(source, join(root, path));
  chmodSync(join(root, path), mode);
}

function write(root: string, path: string, text: string): void {
  makeDirectory(root, dirname(path));
  writeFileSync(join(root, path), text);
  chmodSync(join(root, path), 0o644);
}
