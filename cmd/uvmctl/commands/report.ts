import { Diagnostics } from "../../../src/generated/uvmshim/diag/v1.ts";
import type { AddCommand } from "../session.ts";
import { POD_OR_VM, withTarget } from "../targets.ts";

export const addReport: AddCommand = (program, session) => {
  program
    .command("report")
    .description("the daemon's part of `stacks`, as JSON lines")
    .argument(...POD_OR_VM)
    .action(async (pod: string, _, command) => {
      const { lines } = await withTarget(pod, command, session, (client) => client.service(Diagnostics).report({}));
      for (const { what, fields } of lines) {
        const members = [...fields].map(([name, value]) => `,${JSON.stringify(name)}:${value}`);
        session.out(`{"what":${JSON.stringify(what)}${members.join("")}}\n`);
      }
    });
};
