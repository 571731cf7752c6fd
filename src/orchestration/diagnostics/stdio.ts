import { endingInput } from "../../stdio/ending-input.ts";
import type { ProcessIoPorts } from "../process/ports.ts";

/**
 * For a process without a CloseIO: its stdin ends with what the first who wrote there wrote. Until then it stays open, so
 * that a writer may come late. A stream ends with its client, who tells that end even where he sent nothing; he is there
 * before the process.
 */
export function endingWithItsWriter(io: ProcessIoPorts): ProcessIoPorts {
  return {
    relay: (...streams) => io.relay(...streams),
    async open(paths, context) {
      const opened = await io.open(paths, context);
      const { stdin } = opened;
      if (stdin === undefined) return opened;
      if (!paths.stdin.startsWith("ttrpc+unix:")) return { ...opened, stdin: endingInput(stdin) };
      stdin.closeInput();
      return opened;
    },
  };
}
