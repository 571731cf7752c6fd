import { resolveSettings } from "../../../src/config/settings.ts";
import { invalidArgument } from "../../../src/errors/shim-error.ts";
import { type ContainerSpec, effectiveAnnotations, effectiveSize } from "../config/effective-annotations.ts";
import { type Effective, effectiveKeys } from "../config/effective-keys.ts";
import { configOfPod } from "../config/pod-config.ts";
import { jsonOption, renderTable, toJson } from "../output.ts";
import { type AddCommand, runDirectoryOf } from "../session.ts";

const columns = [
  { title: "KEY", value: ({ name }: Effective) => name },
  { title: "VALUE", value: ({ value }: Effective) => (value === undefined ? "-" : String(value)) },
  { title: "UNIT", value: ({ unit }: Effective) => unit },
  { title: "FROM", value: ({ from }: Effective) => from },
];

interface Options {
  readonly config?: string;
  readonly annotation: readonly string[];
  readonly json?: boolean;
}

export const addConfig: AddCommand = (program, session) => {
  program
    .command("config")
    .description("the configuration that holds for a new pod, or a running one, and where each value came from")
    .argument("[pod]", "NAMESPACE/ID, or the path of a shim's socket")
    .option("--config <file>", "a configuration in place of the host's own (without a pod)")
    .option("--annotation <name=value>", "as a new pod's first container would have it; may be repeated", repeated, [])
    .addOption(jsonOption())
    .action(async (pod: string | undefined, { config, annotation, json }: Options, command) => {
      if (pod !== undefined && (config !== undefined || annotation.length > 0))
        throw invalidArgument(
          "a running pod has its configuration and annotations: leave --config and --annotation out",
        );
      const { settings, containers } =
        pod === undefined
          ? {
              settings: await resolveSettings(config === undefined ? {} : { configPath: config }),
              containers: [newContainer(annotation)],
            }
          : configOfPod(pod, runDirectoryOf(command));
      const [first] = containers;
      const { size, problems: ofSize } =
        first === undefined ? { size: [], problems: [] } : effectiveSize(settings, first);
      const checked = containers.map((container) => effectiveAnnotations(settings.stack, container));
      const rows = [...effectiveKeys(settings), ...size, ...checked.flatMap(({ heeded }) => heeded)];
      const problems = [...new Set([...ofSize, ...checked.flatMap((each) => each.problems)])];
      if (json) session.out(`${toJson({ source: settings.source, values: rows, problems })}\n`);
      else session.out(renderTable(rows, columns));
      for (const problem of json ? [] : problems) session.err(`${problem}\n`);
    });
};

function newContainer(annotations: readonly string[]): ContainerSpec {
  const entries = annotations.map((text): [string, string] => {
    const at = text.indexOf("=");
    if (at <= 0) throw invalidArgument(`--annotation ${text} is no NAME=VALUE`);
    return [text.slice(0, at), text.slice(at + 1)];
  });
  return { id: "new", spec: { annotations: Object.fromEntries(entries) } };
}

function repeated(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
