import { endingInput } from "../../stdio/ending-input.ts";
import type { ProcessIoPorts } from "../process/ports.ts";

/**
 * For a process without a CloseIO: its stdin ends with what the first who wrote there wrote. Until then it stays open, so
 * that a writer may come late.
 */
export function endingWithItsWriter(io: ProcessIoPorts): ProcessIoPorts {
  return {
    relay: (...streams) => io.relay(...streams),
    async open(paths, context) {
      const opened = await io.open(paths, context);
      return opened.stdin === undefined ? opened : { ...opened, stdin: endingInput(opened.stdin) };
    },
  };
}
