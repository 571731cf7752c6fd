import { ShimDiag } from "../../../src/generated/containerd/runhcs/v1/diag.ts";
import { type AddCommand, runDirectoryOf } from "../session.ts";
import { POD, withPod } from "../targets.ts";

export const addShare: AddCommand = (program) => {
  program
    .command("share")
    .description("a file or directory of this host, in a pod's VM until its end")
    .argument(...POD)
    .argument("<host>", "absolute path on this host")
    .argument("<vm>", "absolute path in the VM")
    .option("--read-only", "let nobody in the VM write there")
    .action(async (pod: string, hostPath: string, uvmPath: string, { readOnly = false }, command) => {
      await withPod(pod, runDirectoryOf(command), (client) =>
        client.service(ShimDiag).diagShare({ hostPath, uvmPath, readOnly }),
      );
    });
};
