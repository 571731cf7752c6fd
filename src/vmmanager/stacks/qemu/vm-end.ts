import { ShimError } from "../../../errors/shim-error.ts";
import type { ChildExit } from "../../../sys/runtime.ts";
import { excerpt } from "../../guest-console.ts";

/** What is known of the end of a VM that nobody asked for. */
export interface VmEnd {
  readonly exit: ChildExit;
  /** QMP's SHUTDOWN reason, where it told one. */
  readonly shutdown?: string;
  readonly panicked: boolean;
  readonly errorOutput: string;
  /** How its monitor broke the protocol, for which it was killed. */
  readonly violation?: string;
  /** The console's last lines. */
  readonly console: readonly string[];
}

const SIGKILL = 9;

/** The end of a VM as an error: the reason first, then the guest's last words, which are also kept line by line. */
export class VmEndedError extends ShimError {
  readonly console: readonly string[];

  constructor(id: string, end: VmEnd) {
    const words = end.console.length === 0 ? "" : `; last on its console: ${end.console.join(" | ")}`;
    super("unavailable", `vm ${id} has ended: ${reasonOf(end)}${words}`);
    this.console = end.console;
  }
}

function reasonOf({ exit, shutdown, panicked, errorOutput, violation, console }: VmEnd): string {
  const panic = console.findLast((line) => line.includes("Kernel panic"));
  // A panic whose driver was not loaded yet looks like a reset.
  if (panicked || (panic !== undefined && shutdown === "guest-reset")) {
    return `the guest's kernel panicked${panic === undefined ? "" : ` (${panic.slice(panic.indexOf("Kernel panic"))})`}`;
  }
  if (shutdown === "guest-reset") return "the guest reset itself";
  if (shutdown === "guest-shutdown") return "the guest powered itself off";
  if (violation !== undefined) return `it was killed, as its monitor is not to be trusted any more: ${violation}`;
  const said = errorOutput === "" ? "" : `: ${errorOutput}`;
  if (exit.signal === SIGKILL) {
    return "QEMU was killed (SIGKILL), by the kernel for want of memory or by somebody on this host";
  }
  if (exit.signal !== undefined) return `QEMU crashed (signal ${exit.signal})${said}`;
  return `QEMU exited with code ${exit.code}${shutdown === undefined ? "" : ` (${excerpt(shutdown)})`}${said}`;
}
