import { Diagnostics } from "../../../src/generated/uvmshim/diag/v1.ts";
import { type AddCommand, runDirectoryOf } from "../session.ts";
import { POD, withPod } from "../targets.ts";

export const addReport: AddCommand = (program, session) => {
  program
    .command("report")
    .description("the daemon's part of `stacks`, as JSON lines")
    .argument(...POD)
    .action(async (pod: string, _, command) => {
      const { lines } = await withPod(pod, runDirectoryOf(command), (client) => client.service(Diagnostics).report({}));
      for (const { what, fields } of lines) {
        const members = [...fields].map(([name, value]) => `,${JSON.stringify(name)}:${value}`);
        session.out(`{"what":${JSON.stringify(what)}${members.join("")}}\n`);
      }
    });
};
