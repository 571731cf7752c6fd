import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { RUNTIME_NAME } from "../../../src/shim/identity.ts";
import { readSpans } from "../../../src/tracing/span-file.ts";
import { jsonOption, renderTable, toJson } from "../output.ts";
import type { AddCommand } from "../session.ts";
import { runTraced } from "../trace/run-pod.ts";
import { type WrittenTrace, writeTrace } from "../trace/write-trace.ts";

interface Options {
  readonly out: string;
  readonly id?: string;
  readonly ctr: string;
  readonly address: string;
  readonly namespace: string;
  readonly runtime: string;
  readonly config?: string;
  readonly ctrFlag: readonly string[];
  readonly json?: boolean;
}

type Stage = WrittenTrace["stages"][number];
const columns = [
  { title: "TRACK", value: ({ track }: Stage) => track },
  { title: "SPANS", value: ({ spans }: Stage) => spans, right: true },
  { title: "MS", value: ({ milliseconds }: Stage) => milliseconds.toFixed(1), right: true },
];

export const addTrace: AddCommand = (program, session) => {
  program
    .command("trace")
    .description("one pod's life, as a trace for Perfetto (trace.json) and a picture of its stages (stages.svg)")
    .argument("<image>", "of containerd's, pulled or imported already")
    .argument("<args...>", "what runs in its container, to its end")
    .requiredOption("-o, --out <dir>", "where both go, and the spans that they are made of")
    .option("--id <id>", "of the container; default: one that no other has")
    .option("--ctr <program>", "containerd's client", process.env.CTR ?? "ctr")
    .option(
      "-a, --address <socket>",
      "containerd's",
      process.env.CONTAINERD_ADDRESS ?? "/run/containerd/containerd.sock",
    )
    .option("-n, --namespace <name>", "containerd's", process.env.CONTAINERD_NAMESPACE ?? "default")
    .option("--runtime <name>", "of the shim", RUNTIME_NAME)
    .option("--config <file>", "the shim's configuration, in place of the host's own")
    .option("--ctr-flag <flag>", "a further flag of ctr run; may be repeated", repeated, [])
    .addOption(jsonOption())
    .passThroughOptions()
    .action(async (image: string, args: string[], options: Options) => {
      const directory = resolve(options.out);
      mkdirSync(directory, { recursive: true });
      const { id = `trace-${process.pid}-${Date.now()}`, config, ctrFlag: flags, ...containerd } = options;
      const run = await runTraced({ ...containerd, directory, image, id, args, config, flags });
      session.exitCode = run.exitCode;
      const spans = readSpans(run.spanDirectory, { namespace: options.namespace, pod: id });
      const written = writeTrace(directory, `${image} ${args.join(" ")}`, [run.client, ...spans]);
      if (options.json) session.out(`${toJson(written)}\n`);
      else session.err(`${renderTable(written.stages, columns)}${written.trace}\n${written.picture}\n`);
      if (spans.length === 0)
        session.err(
          `uvmctl: the shim has told no spans: it is another runtime than ${RUNTIME_NAME}, or an older one\n`,
        );
    });
};

function repeated(flag: string, before: readonly string[]): string[] {
  return [...before, flag];
}
