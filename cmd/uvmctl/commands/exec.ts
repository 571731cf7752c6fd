import { execInVm } from "../exec-in-vm.ts";
import type { AddCommand } from "../session.ts";
import { POD_OR_VM, withTarget } from "../targets.ts";

interface Options {
  readonly interactive?: boolean;
  readonly terminal?: boolean;
  readonly workdir: string;
}

export const addExec: AddCommand = (program, session) => {
  program
    .command("exec")
    .description("a process in the VM, outside any container")
    .argument(...POD_OR_VM)
    .argument("<argv...>", "the program and its arguments")
    .option("-i, --interactive", "give it our stdin, to its end")
    .option("-t, --terminal", "give it a terminal")
    .option("-w, --workdir <dir>", "its working directory", "")
    .passThroughOptions()
    .action(async (target: string, args: string[], options: Options, command) => {
      const { interactive: input = false, terminal = false, workdir } = options;
      session.exitCode = await withTarget(target, command, session, (client, socketPath) =>
        execInVm(
          client,
          socketPath,
          { args, workdir, terminal, input },
          {
            stdin: process.stdin,
            stdout: (bytes) => written(process.stdout, bytes),
            stderr: (bytes) => written(process.stderr, bytes),
          },
        ),
      );
    });
};

/** At the reader's pace. One that is gone reads no more. */
function written(to: NodeJS.WriteStream, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => to.write(bytes, () => resolve()));
}
