import { readFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { run } from "../../test/harness/command.ts";

/** Of what, on what and beside what was measured: as a sentence, and as data. */
export async function circumstances(): Promise<{ text: string; data: Readonly<Record<string, unknown>> }> {
  const first = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(argv, { timeout: 10_000 });
    if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}: ${stderr}`);
    return stdout.split("\n", 1)[0]?.trim() ?? "";
  };
  const commit = `${await first("git", "rev-parse", "--short=12", "HEAD")}${(await first("git", "status", "--porcelain", "--", ":!docs")) === "" ? "" : " and changes"}`;
  const peers = {
    containerd: await first("containerd", "--version"),
    runc: await first("runc", "--version"),
    qemu: await first("qemu-system-x86_64", "--version"),
    go: /go(\S+)/.exec(await first("go", "version"))?.[0] ?? "",
    "containerd-shim-runc-v2": (await run(["containerd-shim-runc-v2", "-v"])).stdout.replaceAll(/\s+/g, " ").trim(),
    "Go ttrpc": /containerd\/ttrpc (v\S+)/.exec(readFileSync("test/peers/go.mod", "utf8"))?.[1] ?? "",
    bun: (JSON.parse(readFileSync("package.json", "utf8")) as { devDependencies: Record<string, string> })
      .devDependencies["bun-types"],
    node: process.version,
  };
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} cores, ${cpus()[0]?.model.trim() ?? "unknown processor"}, Linux ${release()}`;
  const text = `Measured on ${date} at commit ${commit}; ${machine}; ${Object.entries(peers)
    .map(([name, version]) => `${name}: ${version}`)
    .join("; ")}.`;
  return { text, data: { date, commit, machine, peers } };
}
