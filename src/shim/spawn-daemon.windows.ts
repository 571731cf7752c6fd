import { randomUUID } from "node:crypto";
import { runtime as own } from "#runtime";
import { type Answer, readAnswer } from "./readiness.ts";
import type * as linux from "./spawn-daemon.ts";

/** Names the launcher's pipe, on which the daemon tells how its start went: handles are not inherited. */
const READY_VARIABLE = "UVM_SHIM_READY_PIPE";
/** A pipe answers at once; the processes at its ends may be late. */
const CONNECT_MS = 20_000;

export const spawnDaemon: typeof linux.spawnDaemon = async (runtime, command, { cwd, env }) => {
  const path = `\\\\.\\pipe\\uvm-shim-ready-${randomUUID()}`;
  let told: (answer: Answer | Promise<Answer>) => void = () => undefined;
  const answer = new Promise<Answer>((resolve) => {
    told = resolve;
  });
  let answering: { destroy(): void } | undefined;
  const server = await runtime.listen({ path }, (stream) => {
    answering = stream;
    told(readAnswer(stream));
  });
  try {
    const child = runtime.spawn(command, { cwd, env: { ...env, [READY_VARIABLE]: path }, detached: true });
    // One that died before it dialled.
    void child.exited.then(() => answering ?? told({ kind: "nothing" }));
    return {
      child,
      answer,
      close() {
        server.close();
        answering?.destroy();
      },
    };
  } catch (error) {
    server.close();
    throw error;
  }
};

export const sendAnswer: typeof linux.sendAnswer = async (answer) => {
  const path = process.env[READY_VARIABLE];
  if (path === undefined) return;
  // The loggers inherit the environment.
  delete process.env[READY_VARIABLE];
  const stream = await own.connect(path, { signal: AbortSignal.timeout(CONNECT_MS) });
  await new Promise<void>((resolve, reject) => {
    const close = (error?: Error) => (error ? reject(error) : resolve());
    stream.open({ data: () => undefined, end: () => undefined, drain: () => undefined, close });
    stream.write(new TextEncoder().encode(`${JSON.stringify(answer)}\n`));
    stream.end();
  });
};
