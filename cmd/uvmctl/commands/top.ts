import { invalidArgument } from "../../../src/errors/shim-error.ts";
import { jsonOption, renderTable, toJson } from "../output.ts";
import { inspectPods } from "../pods/inspect.ts";
import { type Load, loadsBetween } from "../pods/load.ts";
import { bytesText } from "../pods/quantities.ts";
import { type AddCommand, runDirectoryOf } from "../session.ts";

const columns = [
  { title: "POD", value: ({ pod }: Load) => pod },
  { title: "CONTAINER", value: ({ container }: Load) => container },
  { title: "STACK", value: ({ stack }: Load) => stack },
  { title: "CPU %", value: ({ cpuPercent }: Load) => cpuPercent.toFixed(1), right: true },
  { title: "MEMORY", value: ({ memoryBytes }: Load) => bytesText(memoryBytes), right: true },
  { title: "PIDS", value: ({ pids }: Load) => pids ?? "", right: true },
];

/** Home, and whatever stood below the frame erased. */
const [REDRAW, CLEAR] = ["\u001b[H", "\u001b[J"];

export const addTop: AddCommand = (program, session) => {
  program
    .command("top")
    .description("processor, memory and processes of each pod and container, live until Ctrl-C; the busiest first")
    .option("--once", "one frame, as when the output is no terminal")
    .option("-d, --delay <seconds>", "between two frames", "1")
    .addOption(jsonOption())
    .action(async ({ once, delay, json }: { once?: boolean; delay: string; json?: boolean }, command) => {
      const seconds = Number(delay);
      if (!(seconds >= 0.1 && seconds <= 3600)) throw invalidArgument(`--delay ${delay} is no number from 0.1 to 3600`);
      const runDirectory = runDirectoryOf(command);
      const live = once !== true && json !== true && process.stdout.isTTY === true;
      let [before, at] = [await inspectPods(runDirectory), performance.now()];
      do {
        await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
        const [after, now] = [await inspectPods(runDirectory), performance.now()];
        const loads = loadsBetween(before, after, (now - at) / 1000);
        if (json) session.out(`${toJson(loads)}\n`);
        else session.out(live ? `${REDRAW}${CLEAR}${renderTable(loads, columns)}` : renderTable(loads, columns));
        [before, at] = [after, now];
      } while (live);
    });
};
