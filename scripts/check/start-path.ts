import type { Source } from "./sources.ts";

/**
 * Modules that must not load between exec and the first RPC (docs/architecture.md,
 * "Start-up"): each costs milliseconds on a path that containerd waits for.
 */
const heavy = [
  "pino",
  "commander",
  "protobufjs",
  "protobufjs/minimal.js",
  "@grpc/proto-loader",
  "smol-toml",
  "node:net",
  "node:stream",
  "node:crypto",
  "node:child_process",
];
/** Node's and Windows' halves of the seams are not in the Linux artefact. */
const nodeHalf = /^src\/sys\/(?:.*\/)?(?:node|windows)[^/]*\.ts$|\.windows\.ts$/;

/** One line for each heavy module that the program loads at start-up, with the way that leads to it. */
export function checkStartPath(sources: readonly Source[], entry: string): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const seen = new Set<string>();
  const problems: string[] = [];

  const visit = (path: string, trail: readonly string[]): void => {
    const source = byPath.get(path);
    if (source === undefined || seen.has(path) || nodeHalf.test(path)) return;
    seen.add(path);
    const here = [...trail, path];
    for (const { specifier, target, typeOnly, isStatic } of source.imports) {
      if (typeOnly || !isStatic) continue;
      if (heavy.includes(specifier)) problems.push(`start-up loads ${specifier}: ${here.join(" -> ")}`);
      if (target !== undefined) visit(target, here);
    }
  };

  visit(entry, []);
  return problems;
}
