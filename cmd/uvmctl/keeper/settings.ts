import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { STACK_NAMES } from "../../../src/config/keys/shim.ts";
import { resolveSettings, type Settings } from "../../../src/config/settings.ts";

export interface ConfigOptions {
  readonly config?: string;
  readonly stack?: Settings["stack"];
  readonly image?: string;
}

/** What a new VM is made with, beside what the configuration says. */
export function addConfigOptions(command: Command): Command {
  return command
    .option("--config <file>", "the configuration in place of /etc/uvm-shim/config.toml")
    .addOption(
      new Option("--stack <name>", "what runs the VM, in place of what the configuration says").choices(STACK_NAMES),
    )
    .option("--image <dir>", "the VM's kernel and root file system, in place of the configuration's");
}

export async function settingsOf({ config, stack, image }: ConfigOptions): Promise<Settings> {
  const settings = await resolveSettings(config === undefined ? {} : { configPath: resolve(config) });
  const qemu = image === undefined ? settings.qemu : { ...settings.qemu, image: resolve(image) };
  return { ...settings, qemu, ...(stack && { stack }) };
}
