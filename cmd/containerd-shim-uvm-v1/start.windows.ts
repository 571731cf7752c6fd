import { checkStack } from "#os/cmd/containerd-shim-uvm-v1/check-stack.ts";
import { runtime } from "#runtime";
import { failedPrecondition } from "../../src/errors/shim-error.ts";
import { serveByChild } from "../../src/shim/launch.windows.ts";
import { failureOf } from "../../src/shim/readiness.ts";
import { readBundleRecord } from "../../src/shim/records.ts";
import { sendAnswer } from "../../src/shim/spawn-daemon.windows.ts";
import { start } from "../../src/shim/start.ts";
import { readStdin } from "../../src/shim/stdin.ts";
import { serveDaemon } from "./daemon.ts";
import { print } from "./print.ts";
import type * as linux from "./start.ts";

/** In a process of its own, which runs the daemon as another: there is no script that could launch it. */
export const startAction: typeof linux.startAction = async (flags) => {
  const bundle = process.cwd();
  const reply = await start({
    ...{ runtime, flags, stdin: readStdin(), bundle, env: process.env, checkStack },
    serve: ({ record }) => serveByChild({ runtime, flags, bundle, env: process.env, record }),
  });
  print(reply);
  return 0;
};

/** The launcher is told how that went; -1 once the daemon serves. */
export const daemonAction: typeof linux.daemonAction = async (flags) => {
  let serving: Awaited<ReturnType<typeof serveDaemon>>;
  try {
    const record = readBundleRecord(process.cwd());
    if (record === undefined) {
      throw failedPrecondition(`bundle ${process.cwd()} has no record of a start: run the shim with the action start`);
    }
    serving = await serveDaemon(flags, record, { trim: () => undefined });
  } catch (error) {
    await sendAnswer(failureOf(error));
    throw error;
  }
  try {
    await sendAnswer({ kind: "ready" });
  } catch {
    // The launcher was killed: containerd will never know of us.
    await serving.daemon?.leave("the launcher is gone");
  }
  if (serving.daemon === undefined) return 0;
  serving.prepare();
  return -1;
};
