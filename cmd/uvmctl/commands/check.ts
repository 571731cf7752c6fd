import { type NamedFinding, runChecks } from "../checks/all.ts";
import { thisHost } from "../checks/this-host.ts";
import { jsonOption, printRows } from "../output.ts";
import type { AddCommand } from "../session.ts";

interface Options {
  readonly config?: string;
  readonly address: string;
  readonly json?: boolean;
}

const columns = [
  { title: "CHECK", value: ({ check }: NamedFinding) => check },
  { title: "VERDICT", value: ({ verdict }: NamedFinding) => verdict },
  { title: "FOUND", value: ({ what }: NamedFinding) => what },
];

export const addCheck: AddCommand = (program, session) => {
  program
    .command("check")
    .description("whether this host can run pods, and how to mend what is missing; ends with 1 where something is")
    .option("--config <file>", "a configuration in place of the host's own")
    .option(
      "-a, --address <socket>",
      "containerd's",
      process.env.CONTAINERD_ADDRESS ?? "/run/containerd/containerd.sock",
    )
    .addOption(jsonOption())
    .action(async ({ config, address, json }: Options) => {
      const findings = await runChecks({ host: thisHost(), address, config });
      printRows(session, findings, { json, columns });
      const wrong = findings.filter(({ remedy }) => remedy !== undefined);
      for (const { check, verdict, what, remedy } of json ? [] : wrong) {
        session.err(`${verdict}: ${check}: ${what}\n  to mend it: ${remedy}\n`);
      }
      if (findings.some(({ verdict }) => verdict === "failure")) session.exitCode = 1;
    });
};
