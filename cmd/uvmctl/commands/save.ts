import { resolve } from "node:path";
import { VM, withVm } from "../keeper/vm.ts";
import { withProgress } from "../progress.ts";
import type { AddCommand } from "../session.ts";

export const addSave: AddCommand = (program, session) => {
  program
    .command("save")
    .description("write a VM, running or paused, to a directory; it stands still then")
    .argument(...VM)
    .argument("<dir>", "a new directory, for uvmctl restore")
    .action(async (name: string, dir: string, _, command) => {
      const directory = resolve(dir);
      await withVm(name, command, session, (uvm) => withProgress(session, `saving ${name}`, uvm.save({ directory })));
      session.out(`${name} is saved in ${dir}: stop it, or resume it\n`);
    });
};
