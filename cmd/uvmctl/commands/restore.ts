import { resolve } from "node:path";
import { Uvm } from "../../../src/generated/uvmshim/uvm/v1.ts";
import { readSavedUvm } from "../../../src/orchestration/uvm/saved.ts";
import { addConfigOptions, type ConfigOptions, settingsOf } from "../keeper/settings.ts";
import { withProgress } from "../progress.ts";
import { type AddCommand, vmDirectoryOf } from "../session.ts";
import { seconds } from "./boot.ts";

interface Options extends ConfigOptions {
  readonly name?: string;
}

export const addRestore: AddCommand = (program, session) => {
  addConfigOptions(
    program
      .command("restore")
      .description("let a saved VM go on where it stood, with its processes and disks")
      .argument("<dir>", "what uvmctl save wrote")
      .option("--name <name>", "what it is called (default: as the saved one)"),
  ).action(async (dir: string, options: Options, command) => {
    const directory = resolve(dir);
    // Read here as well, for its name: and what is no save is refused before anything starts.
    const saved = readSavedUvm(directory);
    const { name = saved.id } = options;
    const settings = await settingsOf(options);
    const { startKeeper } = await import("../keeper/launch.ts");
    const since = performance.now();
    const client = await startKeeper(vmDirectoryOf(command), name, settings, session);
    try {
      const { stack } = await withProgress(session, `restoring ${name}`, client.service(Uvm).restore({ directory }));
      session.out(`${name} runs on stack ${stack} (restored in ${seconds(since)} s)\n`);
    } finally {
      client.close();
    }
  });
};
