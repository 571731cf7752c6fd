import { ShimDiag } from "../../../src/generated/containerd/runhcs/v1/diag.ts";
import { type AddCommand, runDirectoryOf } from "../session.ts";
import { POD, withPod } from "../targets.ts";

export const addStacks: AddCommand = (program, session) => {
  program
    .command("stacks")
    .description("what waits for what: what daemon and guest tell of themselves")
    .argument(...POD)
    .action(async (pod: string, _, command) => {
      const { stacks, guestStacks } = await withPod(pod, runDirectoryOf(command), (client) =>
        client.service(ShimDiag).diagStacks({}),
      );
      session.out(guestStacks === "" ? `${stacks}\n` : `${stacks}\nguest:\n${guestStacks.trimEnd()}\n`);
    });
};
