import type { ByteStream } from "../sys/byte-stream.ts";
import type { InputEndpoint } from "./endpoints.ts";

/**
 * For a process without a CloseIO: its stdin ends with what the first who wrote there wrote. Until then it stays open, so
 * that a writer may come late.
 */
export function endingInput(input: InputEndpoint): InputEndpoint {
  return {
    passFd: () => input.passFd(),
    closeInput: () => input.closeInput(),
    stream(): ByteStream {
      const stream = input.stream();
      return {
        open: (handler) =>
          stream.open({
            data(chunk) {
              // Somebody has it open for writing, or had: our own end would only hide that he closes it.
              input.closeInput();
              handler.data(chunk);
            },
            end: () => handler.end(),
            drain: () => handler.drain(),
            close: (error) => handler.close(error),
          }),
        write: (chunk) => stream.write(chunk),
        end: () => stream.end(),
        pause: () => stream.pause(),
        resume: () => stream.resume(),
        destroy: (error) => stream.destroy(error),
      };
    },
  };
}
