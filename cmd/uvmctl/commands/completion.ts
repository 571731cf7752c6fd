import { Argument } from "commander";
import { candidates, SHELLS, type Shell, scriptFor } from "../completion.ts";
import type { AddCommand } from "../session.ts";

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
    .action((words: string[]) =>
      session.out(
        candidates(program, words)
          .map((word) => `${word}\n`)
          .join(""),
      ),
    );
};
