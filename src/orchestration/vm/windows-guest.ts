import type { ConnectOptions } from "../../guestmanager/guest.ts";
import { UTC_TIME_ZONE } from "../../guestmanager/time-zone.ts";
import { WINDOWS_GCS_HOST_ID } from "../../prot/hvsocket.ts";
import type { UtilityVM } from "../../vmmanager/uvm.ts";
import type { VmHost, VmPorts } from "./ports.ts";

/** One that shall not follow its host's time zone is told another; else it keeps what it has. */
export function initialState({ windowsGuest }: Pick<UtilityVM, "windowsGuest">): Pick<ConnectOptions, "initialState"> {
  return windowsGuest?.inheritTimezone === false ? { initialState: { timeZone: UTC_TIME_ZONE } } : {};
}

/** A Windows guest can't know who it is and who its host is: its containers' sockets need both. */
export async function tellAddress({ uvm, guest }: VmHost, call: { readonly signal: AbortSignal }): Promise<void> {
  if (guest.windows === undefined || uvm.windowsGuest === undefined) return;
  const settings = { localAddress: uvm.windowsGuest.runtimeId, parentAddress: WINDOWS_GCS_HOST_ID };
  await guest.windows.updateHvSocketAddress(settings, call);
}

/** Best effort, as with hcsshim: only a confidential guest, whose policy it may be against, does not run without. */
export async function forwardLogs(
  { uvm, guest }: VmHost,
  call: { readonly signal: AbortSignal },
  warn: VmPorts["warn"],
): Promise<void> {
  const { logs } = uvm.windowsGuest ?? {};
  const { windows } = guest;
  if (logs === undefined || windows === undefined || !windows.capabilities().logForwardingSupported) return;
  try {
    if (logs.sources !== "") await windows.setLogSources(logs.sources, call);
    await windows.startLogForwarding(call);
  } catch (cause) {
    if (uvm.securityPolicy !== undefined || call.signal.aborted) throw cause;
    warn(`vm ${uvm.id}: its guest's logs stay there`, cause);
  }
}
