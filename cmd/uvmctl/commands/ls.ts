import { jsonOption, printRows, toJson } from "../output.ts";
import { inspectPods, type PodView } from "../pods/inspect.ts";
import { ageText, bytesText } from "../pods/quantities.ts";
import { type AddCommand, runDirectoryOf } from "../session.ts";

/** Of a pod, of a container in it, or of a process beside that container's first. */
interface Row {
  readonly pod: string;
  readonly container: string;
  readonly exec: string;
  readonly stack: string;
  readonly status: string;
  readonly pid: number;
  readonly memoryBytes: number | undefined;
  readonly ageSeconds: number | undefined;
}

const columns = [
  { title: "POD", value: ({ pod }: Row) => pod },
  { title: "CONTAINER", value: ({ container }: Row) => container },
  { title: "EXEC", value: ({ exec }: Row) => exec },
  { title: "STACK", value: ({ stack }: Row) => stack },
  { title: "STATUS", value: ({ status }: Row) => status },
  { title: "PID", value: ({ pid }: Row) => pid || "", right: true },
  {
    title: "MEMORY",
    value: ({ memoryBytes: bytes }: Row) => (bytes === undefined ? "" : bytesText(bytes)),
    right: true,
  },
  { title: "AGE", value: ({ ageSeconds: age }: Row) => (age === undefined ? "" : ageText(age)), right: true },
];

export const addLs: AddCommand = (program, session) => {
  program
    .command("ls")
    .description("pods, containers and processes over all namespaces: stack, state, memory, age")
    .addOption(jsonOption())
    .action(async (options: { json?: boolean }, command) => {
      const pods = await inspectPods(runDirectoryOf(command));
      if (options.json) session.out(`${toJson(pods)}\n`);
      else printRows(session, pods.flatMap(rowsOf), { columns });
      for (const { namespace, pod, problem } of pods) {
        if (problem !== undefined)
          session.err(`uvmctl: pod ${namespace}/${pod} tells nothing of its containers: ${problem}\n`);
      }
    });
};

function rowsOf({ namespace, pod, stack, pid, total, ageSeconds, containers, problem }: PodView): Row[] {
  const name = `${namespace}/${pod}`;
  const nothing = { pod: name, stack: "", container: "", exec: "", memoryBytes: undefined, ageSeconds: undefined };
  return [
    {
      ...nothing,
      stack,
      status: problem === undefined ? "serves" : "silent",
      pid,
      memoryBytes: total.memoryBytes,
      ageSeconds,
    },
    ...containers.flatMap((container) => [
      {
        ...{ ...nothing, container: container.id, status: container.status, pid: container.pid },
        ...{ memoryBytes: container.usage?.memoryBytes, ageSeconds: container.ageSeconds },
      },
      ...container.execs.map(({ id, status, pid }) => ({ ...nothing, container: container.id, exec: id, status, pid })),
    ]),
  ];
}
