import { listSpares, removeSpare, type Spare } from "../../../src/shim/spare/pool.ts";
import { type Column, jsonOption, printRows } from "../output.ts";
import type { AddCommand } from "../session.ts";

const columns: readonly Column<Spare>[] = [
  { title: "PID", value: ({ pid }) => pid, right: true },
  { title: "STATE", value: ({ alive }) => (alive ? "waiting" : "dead") },
  { title: "OF", value: ({ pool }) => pool },
];

export const addSpares: AddCommand = (program, session) => {
  program
    .command("spares")
    .description("the daemons that wait for their pods, and whose containerd's")
    .option("--stop", "have them end, within five seconds")
    .addOption(jsonOption())
    .action((options: { json?: boolean; stop?: boolean }) => {
      const spares = listSpares();
      if (options.stop) for (const { directory } of spares) removeSpare(directory);
      printRows(session, spares, { ...options, columns });
    });
};
