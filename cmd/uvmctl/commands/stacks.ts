import { ShimDiag } from "../../../src/generated/containerd/runhcs/v1/diag.ts";
import { jsonOption, toJson } from "../output.ts";
import { type AddCommand, runDirectoryOf } from "../session.ts";
import { POD, withPod } from "../targets.ts";

export const addStacks: AddCommand = (program, session) => {
  program
    .command("stacks")
    .description("what waits for what: what daemon and guest tell of themselves")
    .argument(...POD)
    .addOption(jsonOption())
    .action(async (pod: string, { json }: { json?: boolean }, command) => {
      const { stacks, guestStacks } = await withPod(pod, runDirectoryOf(command), (client) =>
        client.service(ShimDiag).diagStacks({}),
      );
      if (json) session.out(`${toJson({ stacks, guestStacks })}\n`);
      else session.out(guestStacks === "" ? `${stacks}\n` : `${stacks}\nguest:\n${guestStacks.trimEnd()}\n`);
    });
};
