import { ShimDiag } from "../../../src/generated/containerd/runhcs/v1/diag.ts";
import { jsonOption, toJson } from "../output.ts";
import type { AddCommand } from "../session.ts";
import { POD_OR_VM, withTarget } from "../targets.ts";

export const addStacks: AddCommand = (program, session) => {
  program
    .command("stacks")
    .description("what waits for what: what daemon and guest tell of themselves")
    .argument(...POD_OR_VM)
    .addOption(jsonOption())
    .action(async (target: string, { json }: { json?: boolean }, command) => {
      const { stacks, guestStacks } = await withTarget(target, command, session, (client) =>
        client.service(ShimDiag).diagStacks({}),
      );
      if (json) session.out(`${toJson({ stacks, guestStacks })}\n`);
      else session.out(guestStacks === "" ? `${stacks}\n` : `${stacks}\nguest:\n${guestStacks.trimEnd()}\n`);
    });
};
