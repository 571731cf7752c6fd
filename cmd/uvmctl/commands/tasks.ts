import { ShimDiag } from "../../../src/generated/containerd/runhcs/v1/diag.ts";
import { jsonOption, printRows } from "../output.ts";
import { type AddCommand, runDirectoryOf } from "../session.ts";
import { POD, withPod } from "../targets.ts";

interface Row {
  readonly container: string;
  /** Empty: the container itself. */
  readonly exec: string;
  readonly state: string;
}

const columns = [
  { title: "CONTAINER", value: ({ container }: Row) => container },
  { title: "EXEC", value: ({ exec }: Row) => exec },
  { title: "STATE", value: ({ state }: Row) => state },
];

export const addTasks: AddCommand = (program, session) => {
  program
    .command("tasks")
    .description("a pod's containers, with their execs")
    .argument(...POD)
    .addOption(jsonOption())
    .action(async (pod: string, options: { json?: boolean }, command) => {
      const { tasks } = await withPod(pod, runDirectoryOf(command), (client) =>
        client.service(ShimDiag).diagTasks({ execs: true }),
      );
      const rows = tasks.flatMap(({ id, execs }): Row[] => [
        { container: id, exec: "", state: "" },
        ...execs.map((exec) => ({ container: id, exec: exec.id, state: exec.state })),
      ]);
      printRows(session, rows, { ...options, columns });
    });
};
