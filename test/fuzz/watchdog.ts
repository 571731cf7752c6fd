import { Worker } from "node:worker_threads";

/** Ends the process, with a word that names the input, where one neither comes back nor lets anybody else run. */
export interface Watchdog {
  at(index: number): void;
  stop(): Promise<void>;
}

const WAITS_MS = 30_000;

const source = `
  const { writeSync } = require("node:fs");
  const { workerData } = require("node:worker_threads");
  const { memory, what, waits, pid } = workerData;
  const index = new Int32Array(memory);
  let seen = -1;
  setInterval(() => {
    const now = Atomics.load(index, 0);
    if (now === seen) {
      writeSync(2, what + " --from " + now + " --inputs 1: the input hangs\\n");
      process.kill(pid, "SIGKILL");
    }
    seen = now;
  }, waits);
`;

export function startWatchdog(what: string): Watchdog {
  const memory = new SharedArrayBuffer(4);
  const index = new Int32Array(memory);
  const worker = new Worker(source, {
    eval: true,
    workerData: { memory, what, waits: WAITS_MS, pid: process.pid },
  });
  return {
    at: (now) => {
      Atomics.store(index, 0, now);
    },
    stop: async () => {
      await worker.terminate();
    },
  };
}
