import { Option } from "commander";
import type { Settings } from "../../../src/config/settings.ts";
import { invalidArgument } from "../../../src/errors/shim-error.ts";
import { type Device, type Sizing, Uvm } from "../../../src/generated/uvmshim/uvm/v1.ts";
import { FORMS, type Kind, parseDevice } from "../devices.ts";
import { addConfigOptions, type ConfigOptions, settingsOf } from "../keeper/settings.ts";
import { withProgress } from "../progress.ts";
import { type AddCommand, vmDirectoryOf } from "../session.ts";

interface Options extends ConfigOptions {
  readonly name: string;
  readonly device: readonly Device[];
  readonly disk: readonly Device[];
  readonly share: readonly Device[];
  readonly nic: readonly Device[];
  readonly vpmem: readonly Device[];
  readonly cpus?: number;
  readonly memory?: number;
}

export const addBoot: AddCommand = (program, session) => {
  const device = (kind: Kind, about: string): Option =>
    new Option(`--${kind} <${kind}>`, `${about}: ${FORMS[kind]}; may be repeated`)
      .argParser((text: string, before: readonly Device[]) => [...before, parseDevice(kind, text)])
      .default([], "none");
  addConfigOptions(
    program
      .command("boot")
      .description("boot a VM by hand, without containerd; a keeper holds it until uvmctl stop")
      .option("--name <name>", "what it is called", "uvm")
      .addOption(device("disk", "a raw disk image, mounted on GUEST (/run/disks/FILE)"))
      .addOption(device("share", "a directory or file of this host"))
      .addOption(device("nic", "a network adapter"))
      .addOption(device("vpmem", "a read-only image as persistent memory"))
      .option("--cpus <n>", "its processors", (text) => wholeNumber("--cpus", text))
      .option("--memory <mib>", "its memory in MiB", (text) => wholeNumber("--memory", text)),
  ).action(async (options: Options, command) => {
    const { name, disk, share, nic, vpmem } = options;
    const settings = await settingsOf(options);
    const { startKeeper } = await import("../keeper/launch.ts");
    const since = performance.now();
    const client = await startKeeper(vmDirectoryOf(command), name, settings, session);
    try {
      const sizing = sizingOf(settings, options);
      const request = { devices: [...disk, ...share, ...nic, ...vpmem], ...(sizing && { sizing }) };
      const { stack } = await withProgress(session, `booting ${name}`, client.service(Uvm).boot(request));
      session.out(`${name} runs on stack ${stack} (booted in ${seconds(since)} s)\n`);
    } finally {
      client.close();
    }
  });
};

export function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}

export function wholeNumber(what: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw invalidArgument(`${what} ${text} is no whole number above 0`);
  return Number(text);
}

function sizingOf({ stack, qemu }: Settings, { cpus, memory }: Options): Sizing | undefined {
  if (stack === "local") return undefined;
  const processors = cpus ?? qemu.processors;
  const memoryMib = memory ?? qemu.memoryMiB;
  return {
    processors,
    maxProcessors: Math.max(processors, qemu.maxProcessors),
    memoryMib,
    maxMemoryMib: Math.max(memoryMib, qemu.maxMemoryMiB),
  };
}
