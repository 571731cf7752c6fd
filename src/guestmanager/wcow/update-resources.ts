import { invalidArgument, unimplemented } from "../../errors/shim-error.ts";
import { WcowResourcePath } from "../../prot/messages/modify-settings.ts";
import { RequestType } from "../../prot/protocol.ts";
import { wcowRpcs } from "../../prot/rpc.ts";
import type { GuestConnection } from "../connection.ts";
import type { GuestCallOptions } from "../guest.ts";

const MIB = 1024n * 1024n;

interface WindowsResources {
  readonly memory?: { readonly limit?: number | bigint } | null;
  readonly cpu?: {
    readonly count?: number | bigint;
    readonly shares?: number;
    readonly maximum?: number;
    readonly affinity?: readonly unknown[];
  } | null;
}

/**
 * OCI WindowsResources on a running container in a VM: memory, and one of count, shares and maximum of its processors
 * (reference: hcsshim's updateWCOWResources). Nothing is sent where a part of it can't be done.
 */
export async function updateWcowResources(
  connection: GuestConnection,
  containerId: string,
  resources: WindowsResources,
  options?: GuestCallOptions,
): Promise<void> {
  const { memory, cpu } = resources;
  const processor = cpu ? processorOf(containerId, cpu) : undefined;
  const update = async (resourcePath: string, settings: unknown): Promise<void> => {
    const request = { resourcePath, requestType: RequestType.update, settings };
    await connection.call(wcowRpcs.modifyContainer, { containerId, request }, options);
  };
  if (memory?.limit !== undefined) await update(WcowResourcePath.memory, evenMiB(BigInt(memory.limit) / MIB));
  if (processor !== undefined) await update(WcowResourcePath.processor, processor);
}

/** HCS takes even numbers only. */
function evenMiB(mib: bigint): bigint {
  return mib + (mib % 2n);
}

function processorOf(
  id: string,
  { count, shares, maximum, affinity = [] }: NonNullable<WindowsResources["cpu"]>,
): object {
  if (affinity.length > 0) {
    throw unimplemented(`container ${id} is in a VM; cannot bind it to processors: its VM's CPU group does`);
  }
  const given = { ...(count !== undefined && { Count: count }), ...(maximum !== undefined && { Maximum: maximum }) };
  const processor = { ...given, ...(shares !== undefined && { Weight: shares }) };
  if (Object.keys(processor).length === 1) return processor;
  throw invalidArgument(`container ${id}: wanted one of cpu count ${count}, shares ${shares} and maximum ${maximum}`);
}
