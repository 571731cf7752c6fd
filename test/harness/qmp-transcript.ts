import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { ByteStream } from "../../src/sys/byte-stream.ts";
import { memoryStreamPair } from "../../src/transport/memory-stream.ts";

/**
 * Plays QEMU's part of a recorded session: lines that start with "< " are sent, those with "> " must come next from the
 * client (compared as JSON), "# EOF" and "# reset" end the stream, other comments and empty lines are skipped.
 */
export class QmpTranscript {
  readonly client: ByteStream;
  /** Resolves when all has been played; rejects where the client said something else. */
  readonly played: Promise<void>;
  readonly #near: ByteStream;
  readonly #steps: string[];
  #received = "";
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(text: string) {
    this.#steps = text.split("\n").filter((line) => /^[<>] |^# (EOF|reset)$/.test(line));
    [this.#near, this.client] = memoryStreamPair();
    this.played = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.played.catch(() => undefined);
    this.#near.open({
      data: (chunk) => {
        this.#received += Buffer.from(chunk).toString();
        this.#play();
      },
      end() {},
      drain() {},
      close() {},
    });
    this.#play();
  }

  static load(file: URL): QmpTranscript {
    return new QmpTranscript(readFileSync(file, "utf8"));
  }

  #play(): void {
    try {
      while (this.#next());
    } catch (error) {
      this.#reject(error);
      this.#near.destroy();
    }
    if (this.#steps.length === 0) this.#resolve();
  }

  /** One step; false when the client's next line has not come. */
  #next(): boolean {
    const step = this.#steps[0];
    if (step === undefined) return false;
    if (step === "# EOF") this.#near.end();
    // What was sent before is still read: as on a unix socket.
    else if (step === "# reset") setImmediate(() => this.#near.destroy());
    else if (step.startsWith("< ")) this.#near.write(Buffer.from(`${step.slice(2)}\r\n`));
    else {
      const end = this.#received.indexOf("\n");
      if (end === -1) return false;
      assert.deepEqual(JSON.parse(this.#received.slice(0, end)), JSON.parse(step.slice(2)));
      this.#received = this.#received.slice(end + 1);
    }
    this.#steps.shift();
    return true;
  }
}
