import { invalidArgument, unimplemented } from "../errors/shim-error.ts";
import type { GuestCapabilities } from "./guest.ts";

const SIGKILL = 9;
const SIGTERM = 15;
/** CTRL_SHUTDOWN_EVENT, which a client of a Windows container may send for SIGTERM. */
const CTRL_SHUTDOWN = 6;

/** Console events of Windows by their numbers there; SIGTERM is most like a shutdown (reference: hcsshim's signals). */
const wcowSignals: ReadonlyMap<number, string> = new Map([
  [0, "CtrlC"],
  [1, "CtrlBreak"],
  [2, "CtrlClose"],
  [5, "CtrlLogOff"],
  [CTRL_SHUTDOWN, "CtrlShutdown"],
  [SIGTERM, "CtrlShutdown"],
]);

/**
 * Options of SignalProcess for a Linux guest; undefined: a kill. A guest without `signalProcessSupported` can do nothing
 * else, so SIGTERM is one too there; any other signal is refused (unimplemented).
 */
export function lcowSignalOptions(
  { signalProcessSupported, signalAllSupported }: GuestCapabilities,
  { subject, signal, all }: { readonly subject: string; readonly signal: number; readonly all: boolean },
): { signal: number; all: boolean } | undefined {
  if (all && !signalAllSupported) {
    throw unimplemented(`${subject}: this guest cannot signal all processes of a container at once`);
  }
  if (signalProcessSupported) return { signal, all };
  return onlyKill(subject, signal);
}

/** The same for a Windows guest, where a kill is what SIGKILL means. Throws invalid-argument for what is no event there. */
export function wcowSignalOptions(
  { signalProcessSupported }: GuestCapabilities,
  { subject, signal, all }: { readonly subject: string; readonly signal: number; readonly all: boolean },
): { signal: string } | undefined {
  if (all) throw unimplemented(`${subject}: this guest cannot signal all processes of a container at once`);
  if (!signalProcessSupported) return onlyKill(subject, signal);
  if (signal === SIGKILL) return undefined;
  const name = wcowSignals.get(signal);
  if (name === undefined) {
    throw invalidArgument(`${subject}: Windows has no signal ${signal}: send 9 (kill), 15 or a console event`);
  }
  return { signal: name };
}

function onlyKill(subject: string, signal: number): undefined {
  if ([SIGKILL, SIGTERM, CTRL_SHUTDOWN].includes(signal)) return undefined;
  throw unimplemented(
    `${subject}: this guest takes no signals (no SignalProcessSupported), it only kills; cannot send ${signal}`,
  );
}
