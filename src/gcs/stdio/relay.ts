import type { ByteStream } from "../../sys/byte-stream.ts";

/**
 * Copies a process's output to the host, with back-pressure. `settled` resolves when
 * the process's side has ended and the host's stream is gone in both directions: our
 * end after the last byte, the host's half-close once it has read it (reference:
 * hcsshim 6.3). A host that goes away early costs its output, not the process: what
 * comes is read and dropped.
 */
export class OutputRelay {
  readonly settled: Promise<void>;
  readonly #source: ByteStream;
  readonly #sink: ByteStream | undefined;
  #settle: () => void = () => {};
  #sourceEnded = false;
  #sinkOpen: boolean;

  constructor(source: ByteStream, sink: ByteStream | undefined) {
    this.#source = source;
    this.#sink = sink;
    this.#sinkOpen = sink !== undefined;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
    sink?.open({
      data() {},
      end() {},
      drain: () => source.resume(),
      close: () => {
        this.#sinkOpen = false;
        source.resume();
        this.#check();
      },
    });
    const ended = (): void => {
      if (this.#sourceEnded) return;
      this.#sourceEnded = true;
      sink?.end();
      this.#check();
    };
    source.open({
      data: (chunk) => {
        if (sink !== undefined && this.#sinkOpen && !sink.write(chunk) && this.#sinkOpen) source.pause();
      },
      end: ended,
      drain() {},
      close: ended,
    });
  }

  destroy(): void {
    this.#source.destroy();
    this.#sink?.destroy();
  }

  #check(): void {
    if (this.#sourceEnded && !this.#sinkOpen) this.#settle();
  }
}

/** Copies the host's input to a process, with back-pressure; the host's half-close becomes the process's end of input. */
export class InputRelay {
  readonly #source: ByteStream;
  readonly #sink: ByteStream;

  constructor(source: ByteStream, sink: ByteStream) {
    this.#source = source;
    this.#sink = sink;
    let sinkOpen = true;
    sink.open({
      data() {},
      end() {},
      drain: () => source.resume(),
      close: () => {
        // The process closed its input or is gone: what still comes is dropped, and the host's end may close.
        sinkOpen = false;
        source.resume();
        source.end();
      },
    });
    source.open({
      data(chunk) {
        if (sinkOpen && !sink.write(chunk) && sinkOpen) source.pause();
      },
      end: () => {
        sink.end();
        source.end();
      },
      drain() {},
      close: () => sink.end(),
    });
  }

  destroy(): void {
    this.#source.destroy();
    this.#sink.destroy();
  }
}
