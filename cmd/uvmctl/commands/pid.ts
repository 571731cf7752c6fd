import { ShimDiag } from "../../../src/generated/containerd/runhcs/v1/diag.ts";
import { type AddCommand, runDirectoryOf } from "../session.ts";
import { POD, withPod } from "../targets.ts";

export const addPid: AddCommand = (program, session) => {
  program
    .command("pid")
    .description("the process id of a pod's daemon")
    .argument(...POD)
    .action(async (pod: string, _, command) => {
      const { pid } = await withPod(pod, runDirectoryOf(command), (client) => client.service(ShimDiag).diagPid({}));
      session.out(`${pid}\n`);
    });
};
