import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CONFIG_PATH } from "#os/src/config/defaults.ts";
import { resolveSettings } from "../../../src/config/settings.ts";
import { failedPrecondition } from "../../../src/errors/shim-error.ts";
import { hostNow, type Span } from "../../../src/tracing/span.ts";

export interface PodToTrace {
  /** containerd's client, socket and namespace. */
  readonly ctr: string;
  readonly address: string;
  readonly namespace: string;
  readonly runtime: string;
  readonly image: string;
  readonly id: string;
  readonly args: readonly string[];
  /** Of the shim; undefined: the host's own. Never changed. */
  readonly config: string | undefined;
  /** Where the spans go, and our own files; it is there. */
  readonly directory: string;
  /** More flags of `ctr run`. */
  readonly flags: readonly string[];
}

export interface TracedRun {
  /** Where the shim's processes have written theirs. */
  readonly spanDirectory: string;
  readonly client: Span;
  readonly exitCode: number;
}

/** Runs a pod to its end, by `ctr run --rm` with our own stdio, with the tracing of its shim on. */
export async function runTraced(pod: PodToTrace): Promise<TracedRun> {
  const spanDirectory = join(pod.directory, "spans");
  mkdirSync(spanDirectory, { recursive: true, mode: 0o700 });
  const config = join(pod.directory, "config.toml");
  writeFileSync(config, await tracingConfig(pod.config, spanDirectory), { mode: 0o600 });
  const argv = [
    ...["--address", pod.address, "--namespace", pod.namespace, "run", "--rm"],
    ...["--runtime", pod.runtime, "--runtime-config-path", config, ...pod.flags],
    ...[pod.image, pod.id, ...pod.args],
  ];
  const start = hostNow();
  const exitCode = await endOf(pod.ctr, argv);
  const duration = hostNow() - start;
  const fields = { image: pod.image, exitCode };
  return { spanDirectory, exitCode, client: { track: "client", name: "ctr run --rm", start, duration, fields } };
}

/** The configuration that would hold, with its spans going to `directory`. Throws what is wrong with it, by file and line. */
export async function tracingConfig(path: string | undefined, directory: string): Promise<string> {
  const file = path ?? CONFIG_PATH;
  if (path === undefined && !existsSync(file)) return own(directory);
  const settings = await resolveSettings({ configPath: file });
  const text = readFileSync(file, "utf8");
  if (settings.traceDirectory === undefined) return `${own(directory)}${text}`;
  throw failedPrecondition(
    `config ${settings.origins.trace_directory} traces every pod already, into ${settings.traceDirectory}: leave trace_directory out of the ` +
      "file that --config names",
  );
}

/** Before all tables: a key that stands after one belongs to it. */
function own(directory: string): string {
  return `trace_directory = ${JSON.stringify(directory)}\n`;
}

function endOf(program: string, argv: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, { stdio: "inherit" });
    child.once("error", (error) =>
      reject(
        failedPrecondition(`${program} cannot be run: ${error.message}: install containerd, or name it with --ctr`),
      ),
    );
    child.once("exit", (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
}
