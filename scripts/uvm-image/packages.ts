import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";

/** A Debian package as the lists of this host know its newest version. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly sha256: string;
  readonly depends: string;
}

/** What apt would install now, in the order asked for. Reads apt's lists alone. Throws for a package that they lack. */
export function resolvePackages(names: readonly string[]): DebianPackage[] {
  const known = new Map<string, DebianPackage>();
  for (const found of parsePackages(aptCache(names))) known.set(found.name, found);
  return names.map((name) => {
    const found = known.get(name);
    if (found === undefined) throw new Error(`apt's lists have no package ${name}: run apt-get update as root`);
    return found;
  });
}

function aptCache(names: readonly string[]): string {
  try {
    return execFileSync("apt-cache", ["show", "--no-all-versions", ...names], { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    throw new Error(`apt's lists do not have all of ${names.join(" ")}: run apt-get update as root`, { cause: error });
  }
}

/** Stanzas of a Packages file (Debian policy, "Syntax of control files"). */
export function parsePackages(text: string): DebianPackage[] {
  return text.split(/\n\n+/).flatMap((stanza) => {
    const field = (name: string): string => new RegExp(`^${name}: (.*)$`, "m").exec(stanza)?.[1] ?? "";
    // A package that is installed, and in no list any more, has no hash.
    if (field("SHA256") === "") return [];
    return [
      {
        name: field("Package"),
        version: field("Version"),
        architecture: field("Architecture"),
        sha256: field("SHA256"),
        depends: field("Depends"),
      },
    ];
  });
}

/** The package that a package without content ("the newest kernel") stands for. */
export function firstDependency({ name, depends }: DebianPackage): string {
  const [dependency = ""] = depends.split(/[ ,(|]/);
  if (dependency === "") throw new Error(`package ${name} depends on nothing; expected the real one behind it`);
  return dependency;
}

/** Downloads and unpacks what the cache does not have. Answers the folder of each package's files. */
export function unpackPackages(packages: readonly DebianPackage[], cache: string): Map<string, string> {
  const archives = join(cache, "archives");
  mkdirSync(archives, { recursive: true });
  const missing = packages.filter((wanted) => !existsSync(join(archives, archiveName(wanted))));
  if (missing.length > 0) {
    const wanted = missing.map(({ name, version }) => `${name}=${version}`);
    execFileSync("apt-get", ["download", "-qq", "-o", "APT::Sandbox::User=root", ...wanted], {
      cwd: archives,
      stdio: ["ignore", "ignore", "inherit"],
    });
  }
  return new Map(packages.map((wanted) => [wanted.name, unpack(wanted, archives, cache)]));
}

function unpack(wanted: DebianPackage, archives: string, cache: string): string {
  const tree = join(cache, "trees", wanted.sha256);
  if (existsSync(tree)) return tree;
  const archive = join(archives, archiveName(wanted));
  const found = createHash("sha256").update(readFileSync(archive)).digest("hex");
  if (found !== wanted.sha256) {
    rmSync(archive);
    throw new Error(`${basename(archive)} has SHA-256 ${found}, apt's list says ${wanted.sha256}: removed, try again`);
  }
  const partial = `${tree}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  execFileSync("dpkg-deb", ["-x", archive, partial]);
  renameSync(partial, tree);
  return tree;
}

/** apt-get's name for the file: the epoch's colon is escaped. */
function archiveName({ name, version, architecture }: DebianPackage): string {
  return `${name}_${version.replaceAll(":", "%3a")}_${architecture}.deb`;
}
