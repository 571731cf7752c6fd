import { Argument } from "commander";
import { KINDS, type Kind, parseDevice } from "../devices.ts";
import { VM, withVm } from "../keeper/vm.ts";
import type { AddCommand } from "../session.ts";
import { WHAT } from "./add.ts";
import { wholeNumber } from "./boot.ts";

export const addRemove: AddCommand = (program, session) => {
  program
    .command("remove")
    .description("take a device, or memory, out of a VM that runs")
    .addArgument(new Argument("<what>", "what it is").choices(WHAT))
    .argument(...VM)
    .argument("<device>", "as it was added, or where it is in the guest; memory: MiB less")
    .action(async (what: Kind | "memory", name: string, text: string, _, command) => {
      if (what === "memory") {
        const byMib = -wholeNumber("memory", text);
        const { sizing } = await withVm(name, command, session, (uvm) => uvm.resizeMemory({ byMib }));
        session.out(`${name} has ${sizing?.memoryMib} MiB of memory\n`);
        return;
      }
      await withVm(name, command, session, async (uvm) => {
        const { devices } = await uvm.status({});
        // A path in the guest is no path of this host to be made absolute.
        const inGuest = devices.some(({ kind, guest }) => kind === KINDS[what] && guest === text);
        await uvm.remove({ kind: KINDS[what], what: inGuest ? text : sourceOf(what, text) });
      });
      session.out(`${name} has ${what} ${text} no more\n`);
    });
};

/** A share is named by its host path alone, or as it was added. */
function sourceOf(what: Kind, text: string): string {
  return parseDevice(what === "share" ? "disk" : what, text).source;
}
