import { runtime } from "#runtime";
import { ShimError } from "../../src/errors/shim-error.ts";
import { type Flags, parseFlags } from "../../src/shim/flags.ts";
import { complain, print } from "./print.ts";
import { programs } from "./programs.ts";

/**
 * The shim's program: `start`, `delete`, `-info`, `-v`, and without an action the daemon; what containerd runs is the
 * launcher before it (launcher.sh). Each one loads only what it runs, as every module costs a part of what containerd
 * waits for.
 */
async function main(): Promise<number> {
  const load = programs.get(process.argv[2] ?? "");
  if (load !== undefined) {
    const program = await load();
    return program(process.argv.slice(3));
  }
  const flags = parseFlags(process.argv.slice(2));
  if (globalThis.UVM_SHIM_FAILPOINTS) {
    const { armOwnFailpoints } = await import("./failpoints.ts");
    armOwnFailpoints();
  }
  if (flags.version) {
    const { versionText } = await import("../../src/shim/info.ts");
    print(new TextEncoder().encode(versionText()));
    return 0;
  }
  if (flags.info) {
    const { runtimeInfo } = await import("../../src/shim/info.ts");
    print(runtimeInfo());
    return 0;
  }
  switch (flags.action) {
    case "start": {
      const { startAction } = await import("#os/cmd/containerd-shim-uvm-v1/start.ts");
      return await startAction(flags);
    }
    case "ended":
      return await endedAction();
    case "delete":
      return await deleteAction(flags);
    case "": {
      const { daemonAction } = await import("#os/cmd/containerd-shim-uvm-v1/start.ts");
      return await daemonAction(flags);
    }
    default:
      throw new ShimError(
        "invalid-argument",
        `unknown action ${flags.action}: give start, delete, or none for the daemon`,
      );
  }
}

/** Where the launcher's child was killed in `start`. */
async function endedAction(): Promise<number> {
  const { startEnded } = await import("../../src/shim/start.ts");
  throw await startEnded(runtime, process.cwd(), process.env.UVM_SHIM_ENDED ?? "");
}

async function deleteAction(flags: Flags): Promise<number> {
  const { deleteTask } = await import("../../src/shim/delete.ts");
  const { reply, problems } = await deleteTask({
    runtime,
    flags,
    workingDirectory: process.cwd(),
    env: process.env,
    askDaemon: async (...request) => {
      const { askDaemon } = await import("../../src/shim/ask-daemon.ts");
      return await askDaemon(...request);
    },
  });
  for (const problem of problems) complain(problem);
  print(reply);
  return 0;
}

/** -1: the daemon goes on. */
let code: number;
try {
  code = await main();
} catch (error) {
  complain(ShimError.from(error).message);
  code = 1;
}
if (code >= 0) process.exit(code);
