import { invalidArgument } from "../errors/shim-error.ts";
import type { NICConfig, NicBackend, TapBackend, VirtioNet } from "../generated/vmservice.ts";
import type { AdapterPlan, TapSource } from "./plan.ts";
import { notDone } from "./refusals.ts";

const ON_A_TAP = "an adapter's network is a tap";

/** `field`: what it is called in errors. Throws invalid-argument, unimplemented for another network than a tap. */
export function adapterOfNic(nic: NICConfig, field: string): AdapterPlan {
  const { nicId, macAddress, tap, dio, consomme, legacyPortId } = nic;
  if (nicId === "") throw invalidArgument(`${field} has no nic_id; cannot add it: give it a GUID`);
  if (legacyPortId) throw notDone(`${field}.legacy_port_id`, ON_A_TAP);
  return { id: nicId, tap: tapOf({ tap, dio, consomme }, field), macAddress: mac(macAddress, field) };
}

/** `id`: by which it is removed. As `adapterOfNic`. */
export function adapterOfVirtioNet(id: string, net: VirtioNet, field: string): AdapterPlan {
  if (net.maxQueues !== undefined && net.maxQueues > 1) {
    throw notDone(`${field}.max_queues of ${net.maxQueues}`, "an adapter has one pair of queues");
  }
  return { id, tap: tapOf(net.backend ?? {}, field), macAddress: mac(net.macAddress, field) };
}

function tapOf({ tap, dio, consomme }: NicBackend, field: string): TapSource {
  if (dio !== undefined) throw notDone(`${field}.dio`, ON_A_TAP);
  if (consomme !== undefined) throw notDone(`${field}.consomme`, ON_A_TAP);
  if (tap === undefined) throw notDone(`${field} without a network`, ON_A_TAP);
  return tapSource(tap, field);
}

function tapSource({ name, fdName }: TapBackend, field: string): TapSource {
  if (fdName) return { kind: "fd-name", name: fdName };
  if (name) return { kind: "name", name };
  throw invalidArgument(`${field}.tap names nothing; cannot add it: give it the name of an interface, or an fd_name`);
}

function mac(address: string, field: string): string {
  if (!/^([0-9a-f]{2}[-:]){5}[0-9a-f]{2}$/i.test(address)) {
    throw invalidArgument(
      `${field} has the mac_address ${JSON.stringify(address)}; cannot add it: write 12-34-56-78-9A-BC`,
    );
  }
  return address.toLowerCase().replaceAll("-", ":");
}
