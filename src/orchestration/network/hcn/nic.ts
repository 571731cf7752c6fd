import type { HostComputeEndpoint } from "../../../prot/resources/hcn.ts";
import { bounded } from "../../deadline.ts";
import { SharedDevice } from "../../device/shared-device.ts";
import { isGone } from "../../release-list.ts";
import type { NetworkLimits } from "../ports.ts";
import type { HcnVm } from "./ports.ts";

/** An endpoint's adapter in the VM, held by its namespace. */
export interface Nic {
  readonly endpoint: HostComputeEndpoint;
  readonly state: SharedDevice["state"];
  map(): Promise<void>;
  /** In any state; after a failure it goes on where it stopped. */
  unmap(): Promise<void>;
}

/**
 * Reserved. The guest lets go first and the host takes it out then; each is asked for just what may have been done there.
 * `vmGone`: both went with the VM.
 */
export function reserveNic(
  endpoint: HostComputeEndpoint,
  nicId: string,
  { uvm, guest }: HcnVm,
  limits: NetworkLimits,
  vmGone: () => boolean,
): Nic {
  const what = `adapter ${nicId} of endpoint ${endpoint.id} (${endpoint.name})`;
  const backend = { kind: "endpoint", endpointId: endpoint.id } as const;
  let isTold = false;
  let isPlugged = false;
  const device = new SharedDevice(what, {
    async map() {
      isTold = true;
      await bounded(limits.guest, `announcing ${what}`, (call) => guest.announce(nicId, endpoint, call));

      isPlugged = true;
      const adapter = { id: nicId, macAddress: endpoint.macAddress, backend };
      await bounded(limits.uvm, `plugging ${what} in`, (call) => uvm.addNetworkAdapter(adapter, call));
      await bounded(limits.guest, `setting ${what} up in the guest`, (call) => guest.add(nicId, endpoint, call));
    },
    async unmap() {
      if (vmGone()) return;
      if (isTold) {
        const work = bounded(limits.guest, `removal of ${what} in the guest`, (c) => guest.remove(nicId, endpoint, c));
        await work.catch(unlessGone);
      }
      isTold = false;
      if (isPlugged) {
        const work = bounded(limits.uvm, `unplugging ${what}`, (call) => uvm.removeNetworkAdapter(nicId, call));
        await work.catch(unlessGone);
      }
      isPlugged = false;
    },
  });
  const reservation = device.reserve();
  return {
    endpoint,
    get state() {
      return device.state;
    },
    map: () => device.map(reservation),
    unmap: () => device.unmap(reservation),
  };
}

function unlessGone(cause: unknown): void {
  if (!isGone(cause)) throw cause;
}
