import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

interface Locked extends Manifest {
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly libc?: readonly string[];
}

interface Lockfile {
  readonly packages: Record<string, Locked>;
}

const kinds = ["dependencies", "devDependencies", "optionalDependencies"] as const;
const exact = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;

/** package.json asks for exact versions, and package-lock.json says the same and has a digest for each package. */
export function checkPackages(root: string): string[] {
  const manifest = readJson<Manifest>(join(root, "package.json"));
  const lock = readJson<Lockfile>(join(root, "package-lock.json"));
  const problems: string[] = [];
  for (const kind of kinds) {
    const wanted = manifest[kind] ?? {};
    const locked = lock.packages[""]?.[kind] ?? {};
    for (const [name, version] of Object.entries(wanted)) {
      if (!exact.test(version)) problems.push(`package.json: ${name} ${version} is not an exact version`);
      if (locked[name] !== version)
        problems.push(`package-lock.json: ${name} is ${locked[name]}, not ${version}: npm install`);
    }
    for (const name of Object.keys(locked)) {
      if (wanted[name] === undefined) problems.push(`package-lock.json: ${name} is not in package.json: npm install`);
    }
  }
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path !== "" && entry.integrity === undefined && !isForeign(entry))
      problems.push(`package-lock.json: ${path} has no integrity digest`);
  }
  return problems;
}

/**
 * A platform package that no machine of ours installs. `npm ci` wants its entry all the same, and a registry mirror that
 * carries only Linux has no digest for it.
 */
function isForeign({ optional, os = ["linux"], libc = ["glibc"] }: Locked): boolean {
  return optional === true && !(os.includes("linux") && libc.includes("glibc"));
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, "utf8")) as T;
}
