import { jsonOption, printRows } from "../output.ts";
import { type AddCommand, runDirectoryOf } from "../session.ts";
import { type RunningPod, runningPods } from "../targets.ts";

const columns = [
  { title: "POD", value: ({ namespace, id }: RunningPod) => `${namespace}/${id}` },
  { title: "STACK", value: ({ stack }: RunningPod) => stack },
  { title: "PID", value: ({ pid }: RunningPod) => pid, right: true },
  { title: "SOCKET", value: ({ socketPath }: RunningPod) => socketPath },
];

export const addPods: AddCommand = (program, session) => {
  program
    .command("pods")
    .description("the pods that the shim runs here, by their daemons' records")
    .addOption(jsonOption())
    .action((options: { json?: boolean }, command) => {
      printRows(session, runningPods(runDirectoryOf(command)), { ...options, columns });
    });
};
