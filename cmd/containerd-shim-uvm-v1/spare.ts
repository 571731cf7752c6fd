import { ShimError } from "../../src/errors/shim-error.ts";
import { createLogger } from "../../src/log/logger.ts";
import { daemonArguments } from "../../src/shim/daemon-arguments.ts";
import { parseFlags } from "../../src/shim/flags.ts";
import type { Launcher } from "../../src/shim/launch.ts";
import { launcherSink } from "../../src/shim/log-sink.ts";
import { removeSpare } from "../../src/shim/spare/pool.ts";
import { openAnswer, takeOver } from "../../src/shim/spare/take-over.ts";
import { type Request, type SpareOptions, waitForRequest } from "../../src/shim/spare/waiting.ts";
import { close, write } from "../../src/sys/libc.ts";
import { showArguments } from "../../src/sys/other-process.ts";
import { beginNow } from "../../src/tracing/span.ts";
import { loadPod } from "./load-pod.ts";
import { complain } from "./print.ts";
import { daemonAction } from "./start.ts";

/** A daemon that was started before its pod (docs/spare-daemons.md); from its claim on it is as one that a launcher started. */
export async function spare([json = ""]: readonly string[]): Promise<number> {
  const options = JSON.parse(json) as SpareOptions;
  await loadAhead(options.stack);
  const request = await waitForRequest(options);
  return request === undefined ? 0 : await serve(request);
}

async function serve(request: Request): Promise<number> {
  beginNow();
  const { launcherPid, containerdPid, directory } = request;
  const answer = openAnswer(request);
  const say = (word: string): void => void write(answer, new TextEncoder().encode(`${word}\n`));
  let flags: ReturnType<typeof parseFlags>;
  try {
    flags = { ...parseFlags(takeOver(launcherPid, answer)), action: "" };
    say("taken");
  } catch (error) {
    passOver(launcherPid, error);
    say("pass");
    return 0;
  } finally {
    removeSpare(directory);
  }
  const launcher: Launcher = {
    pid: launcherPid,
    containerdPid,
    letGo() {
      say("0");
      close(answer);
    },
  };
  try {
    if (globalThis.UVM_SHIM_FAILPOINTS) (await import("./failpoints.ts")).armOwnFailpoints();
    showArguments([process.execPath, ...daemonArguments(flags)]);
    const code = await daemonAction(flags, launcher);
    if (code >= 0) say(String(code));
    return code;
  } catch (error) {
    complain(ShimError.from(error).message);
    say("1");
    return 1;
  }
}

/** Into the log of the container that is started the ordinary way now. */
function passOver(launcherPid: number, error: unknown): void {
  const log = createLogger({ level: "info", sink: launcherSink(`/proc/${launcherPid}/cwd`), fields: {} });
  log.warn("a spare daemon is passed over", { pid: process.pid, error });
}

/** What the first create would load. A failure is told by that. */
async function loadAhead(stack: string): Promise<void> {
  await loadPod(stack);
  await import("../../src/config/document.ts");
  switch (stack) {
    case "local":
      await import("../../src/sys/reaper.ts");
      await import("../../src/vmmanager/stacks/local/stack.ts");
      break;
    case "qemu":
      await import("./linux-vm-host.ts");
      await import("./qemu-files.ts");
      await import("../../src/vmmanager/stacks/qemu/stack.ts");
      break;
    case "remotevm":
      await import("./linux-vm-host.ts");
      await import("./remotevm-files.ts");
      await import("../../src/vmmanager/stacks/remotevm/stack.ts");
      break;
    default:
  }
}
