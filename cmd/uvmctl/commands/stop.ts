import { VM, withVm } from "../keeper/vm.ts";
import { withProgress } from "../progress.ts";
import type { AddCommand } from "../session.ts";

export const addStop: AddCommand = (program, session) => {
  program
    .command("stop")
    .description("end a VM; nothing of it is left but its disks and what was saved")
    .argument(...VM)
    .option("--now", "without asking the guest to write back its file systems")
    .action(async (name: string, { now = false }: { now?: boolean }, command) => {
      await withVm(name, command, session, (uvm) => withProgress(session, `stopping ${name}`, uvm.stop({ now })));
      session.out(`${name} is stopped\n`);
    });
};
