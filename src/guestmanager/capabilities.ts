import { unimplemented } from "../errors/shim-error.ts";
import type { GuestConnection } from "./connection.ts";

/**
 * What a guest does not claim is not sent to it: an older one might misread the request, or take it for a breach of the
 * protocol. Each throws unimplemented (reference: hcsshim's callers, which ask the capabilities first).
 */

/** For network namespaces and their interfaces. */
export function needsNamespaces(connection: GuestConnection, verb: string): void {
  if (connection.capabilities().namespaceAddRequestSupported) return;
  throw unimplemented(`this guest takes no network namespaces (NamespaceAddRequestSupported); cannot ${verb}`);
}

export function needsDeleteContainerState(connection: GuestConnection, id: string): void {
  if (connection.capabilities().deleteContainerStateSupported) return;
  throw unimplemented(
    `this guest forgets containers by itself (no DeleteContainerStateSupported); cannot delete the state of ${id}`,
  );
}

export function needsDumpStacks(connection: GuestConnection): void {
  if (connection.capabilities().dumpStacksSupported) return;
  throw unimplemented("this guest tells no stacks (no DumpStacksSupported); cannot dump them");
}

export function needsLogForwarding(connection: GuestConnection, verb: string): void {
  if (connection.capabilities().logForwardingSupported) return;
  throw unimplemented(`this guest forwards no logs (no LogForwardingSupported); cannot ${verb}`);
}
