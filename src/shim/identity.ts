/** What the build puts in; in a plain checkout nobody does. */
declare const UVM_SHIM_REVISION: string | undefined;

export const PROGRAM = "containerd-shim-uvm-v1";
export const RUNTIME_NAME = "io.containerd.uvm.v1";
export const VERSION = "0.1.0";
export const REVISION = typeof UVM_SHIM_REVISION === "string" ? UVM_SHIM_REVISION : "";

/** The command that starts this very program again: the executable alone, or a runtime with the script. */
export function ownCommand(): string[] {
  const script = process.argv[1];
  // Bun's name for the script inside an executable that it made.
  if (script === undefined || script.startsWith("/$bunfs/")) return [process.execPath];
  return [process.execPath, ...process.execArgv, script];
}

/**
 * What the launcher gives the runtime of a daemon, too: no look of Bun's at the heap each second (memory-trim.ts says when
 * garbage is collected), and code compiled when it has run eight times as often as usual: a pod's life runs most of it once or
 * twice, and compiling took a fifth of the daemon's processor time.
 */
export const DAEMON_RUNTIME: Readonly<Record<string, string>> = {
  BUN_GC_TIMER_DISABLE: "1",
  BUN_JSC_thresholdForJITAfterWarmUp: "4000",
  BUN_JSC_thresholdForJITSoon: "1000",
};

/** What would turn a child that is built with Bun, or run by Node, into something else. */
export function isRuntimes(variable: string): boolean {
  return variable.startsWith("BUN_") || variable === "NODE_OPTIONS";
}

/** Ours less what would turn a child that is built with Bun, or run by Node, into something else. */
export function childEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !isRuntimes(name)) kept[name] = value;
  }
  return kept;
}
