import { Argument } from "commander";
import { FORMS, KINDS, type Kind, parseDevice } from "../devices.ts";
import { VM, withVm } from "../keeper/vm.ts";
import type { AddCommand } from "../session.ts";
import { wholeNumber } from "./boot.ts";

export const WHAT = [...(Object.keys(KINDS) as Kind[]), "memory"] as const;

export const addAdd: AddCommand = (program, session) => {
  program
    .command("add")
    .description("put a device, or memory, into a VM that runs")
    .addArgument(new Argument("<what>", "what it is").choices(WHAT))
    .argument(...VM)
    .argument(
      "<device>",
      `${Object.entries(FORMS)
        .map((form) => form.join(": "))
        .join("; ")}; memory: MiB more`,
    )
    .action(async (what: Kind | "memory", name: string, text: string, _, command) => {
      if (what === "memory") {
        const byMib = wholeNumber("memory", text);
        const { sizing } = await withVm(name, command, session, (uvm) => uvm.resizeMemory({ byMib }));
        session.out(`${name} has ${sizing?.memoryMib} MiB of memory\n`);
        return;
      }
      const device = parseDevice(what, text);
      const { source, guest } = await withVm(name, command, session, (uvm) => uvm.add({ device }));
      session.out(`${name} has ${what} ${source} as ${guest}\n`);
    });
};
