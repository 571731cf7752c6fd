import { execInVm } from "../exec-in-vm.ts";
import { type AddCommand, runDirectoryOf } from "../session.ts";
import { POD, withPod } from "../targets.ts";

interface Options {
  readonly interactive?: boolean;
  readonly terminal?: boolean;
  readonly workdir: string;
}

export const addExec: AddCommand = (program, session) => {
  program
    .command("exec")
    .description("a process in the VM, outside any container")
    .argument(...POD)
    .argument("<argv...>", "the program and its arguments")
    .option("-i, --interactive", "give it our stdin")
    .option("-t, --terminal", "give it a terminal")
    .option("-w, --workdir <dir>", "its working directory", "")
    .passThroughOptions()
    .action(async (pod: string, args: string[], options: Options, command) => {
      const { interactive = false, terminal = false, workdir } = options;
      session.exitCode = await withPod(pod, runDirectoryOf(command), (client) =>
        execInVm(client, { args, workdir, terminal, input: interactive }),
      );
    });
};
