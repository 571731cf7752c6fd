import { Argument } from "commander";
import { candidates, SHELLS, type Shell, scriptFor } from "../completion.ts";
import { vmNames } from "../keeper/names.ts";
import { type AddCommand, runDirectoryOf, vmDirectoryOf } from "../session.ts";
import { runningPods } from "../targets.ts";

export const addCompletion: AddCommand = (program, session) => {
  program
    .command("completion")
    .description("print a shell's completion script: source <(uvmctl completion bash)")
    .addArgument(new Argument("<shell>", "which shell's").choices(SHELLS))
    .action((shell: Shell) => session.out(scriptFor(shell)));

  // What those scripts ask: the words so far, the last of them unfinished.
  program
    .command("complete", { hidden: true })
    .argument("[words...]")
    .passThroughOptions()
    .allowUnknownOption()
    .action((words: string[], _, command) => {
      const pods = () => runningPods(runDirectoryOf(command)).map(({ namespace, id }) => `${namespace}/${id}`);
      const vms = () => vmNames(vmDirectoryOf(command));
      const names = { pod: pods, name: vms, target: () => [...vms(), ...pods()] };
      session.out(
        candidates(program, words, names)
          .map((word) => `${word}\n`)
          .join(""),
      );
    });
};
