import type { AddCommand } from "../session.ts";

/** What `boot` and `restore` start: the daemon of one VM. */
export const addKeeper: AddCommand = (program) => {
  program
    .command("keeper", { hidden: true })
    .argument("<state>", "the VM's state directory")
    .argument("<name>", "the VM's name")
    .action(async (state: string, name: string) => {
      const { keep } = await import("../keeper/keep.ts");
      await keep(state, name);
      // It ends the process by itself.
      await new Promise(() => undefined);
    });
};
