import { invalidArgument } from "../../../src/errors/shim-error.ts";
import { Diagnostics } from "../../../src/generated/uvmshim/diag/v1.ts";
import type { AddCommand } from "../session.ts";
import { POD_OR_VM, withTarget } from "../targets.ts";

interface Options {
  readonly follow?: boolean;
  readonly lines: number;
}

export const addConsole: AddCommand = (program, session) => {
  program
    .command("console")
    .description("what the guest wrote on its console")
    .argument(...POD_OR_VM)
    .option("-f, --follow", "go on with what it writes")
    .option("-n, --lines <n>", "the last of them alone", numberOfLines, 0)
    .action(async (pod: string, { follow = false, lines }: Options, command) => {
      await withTarget(pod, command, session, async (client) => {
        for await (const { text, lost } of client.service(Diagnostics).console({ lines, follow })) {
          if (lost > 0n) session.out(`(${lost} lines lost)\n`);
          session.out(`${text}\n`);
        }
      });
    });
};

function numberOfLines(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw invalidArgument(`--lines ${text} is no number of lines`);
  return Number(text);
}
