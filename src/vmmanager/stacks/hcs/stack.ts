import { randomUUID } from "node:crypto";
import { invalidArgument, ShimError, unimplemented } from "../../../errors/shim-error.ts";
import { type Logger, silentLogger } from "../../../log/logger.ts";
import { stringifyJson } from "../../../oci/json.ts";
import { asObject } from "../../../prot/json-codec.ts";
import type { CallOptions } from "../../lifetime.ts";
import type { HostFacts } from "../../options/host-facts.ts";
import type { ShimAbilities } from "../../options/vm-request.ts";
import type { SecurityPolicy, Stack, UtilityVM, UvmOptions } from "../../uvm.ts";
import type { ComputeCore } from "./computecore/compute-core.ts";
import type { JsonObject } from "./document/applied.ts";
import type { HostWork } from "./document/host-work.ts";
import { HcsUvm, type VmSockets } from "./hcs-uvm.ts";
import type { HostFiles } from "./host-files.ts";
import { prepareHost } from "./prepare-host.ts";
import { BASIC_QUERY, readProperties } from "./properties.ts";
import { readSavedVm } from "./saved-vm.ts";
import { limit } from "./timeouts.ts";
import { VmEvents } from "./vm-events.ts";
import { type PolicyPlan, planVm, systemIdOf, type VmPlan } from "./vm-plan.ts";
import { scsiDisks } from "./vm-record.ts";

export interface HcsStackOptions {
  readonly core: ComputeCore;
  readonly files: HostFiles;
  /** Read anew for each VM: files come and go. */
  readonly host: () => HostFacts;
  /** Of a VM, by its runtime id; closed with it. */
  readonly sockets: (runtimeId: string) => VmSockets | Promise<VmSockets>;
  readonly abilities?: ShimAbilities;
  /** Of the VMBus channels of assigned devices. */
  readonly newGuid?: () => string;
  readonly log?: Logger;
}

/** Of this shim: layers over VPMem or SCSI; no proxy of the network's configuration. */
const defaultAbilities: ShimAbilities = { vpmem: true, networkConfigProxy: false, kernelDrivers: false };

/** VMs of the host compute service of Windows (reference: windows, hcsshim 1 to 4). */
export function createHcsStack(stack: HcsStackOptions): Stack {
  const { core, files, abilities = defaultAbilities, log = silentLogger, newGuid = randomUUID } = stack;

  /** Once: hcsshim does not try again either. Of one that can't be told of, nothing stays in HCS. */
  const make = async (
    uvm: UvmOptions,
    { record, work, policy, windowsGuest }: VmPlan,
    host: HostFacts,
    restoreFrom: string | undefined,
    call: CallOptions | undefined,
  ): Promise<UtilityVM> => {
    const id = systemIdOf(uvm.id);
    await prepareHost({ core, files }, id, work, call?.signal);
    const securityPolicy = policy && (await readPolicy(policy, files));
    const document = restoreFrom === undefined ? record.document : withRestoreState(record.document, restoreFrom);
    const system = await core.createComputeSystem(id, stringifyJson(document), limit("CREATE", call));
    try {
      const events = new VmEvents(uvm.id, system, log);
      const { runtimeId } = readProperties(await system.getProperties(BASIC_QUERY, limit("CREATE", call)));
      if (runtimeId === "") throw new ShimError("internal", `HCS tells no runtime id of vm ${uvm.id}`);
      const sockets = await stack.sockets(runtimeId);
      return new HcsUvm({
        ...{ id: uvm.id, system, core, files, build: host.build, record, events, runtimeId, sockets },
        ...{ isRestored: restoreFrom !== undefined, log },
        ...(securityPolicy && { securityPolicy }),
        ...(windowsGuest && { windowsGuest: { ...windowsGuest, runtimeId } }),
      });
    } catch (error) {
      await system.terminate(limit(undefined, undefined)).catch(() => {});
      await system.close();
      throw ShimError.from(error, "internal");
    }
  };

  return {
    name: "hcs",

    async create(options, call): Promise<UtilityVM> {
      call?.signal?.throwIfAborted();
      const host = stack.host();
      return make(options, planVm(options, host, abilities, newGuid, log), host, undefined, call);
    },

    async restore(options, { directory, adapterFds, disks }, call): Promise<UtilityVM> {
      call?.signal?.throwIfAborted();
      if (adapterFds !== undefined && adapterFds.size > 0) {
        throw invalidArgument(`vm ${options.id}: stack hcs takes no fds: its adapters are endpoints of the network`);
      }
      if (disks !== undefined) {
        throw unimplemented(
          `vm ${options.id}: stack hcs restores what it saved on this host alone, with its own disks`,
        );
      }
      const { record, state } = await readSavedVm(directory);
      return make(options, { record, work: grants(record.document, state) }, stack.host(), state, call);
    },
  };
}

async function readPolicy(plan: PolicyPlan, files: Pick<HostFiles, "read">): Promise<SecurityPolicy> {
  const { enforcer, policy, referenceFile, hashEnvelopeFile } = plan;
  return {
    enforcer,
    policy,
    reference: await files.read(referenceFile),
    hashEnvelope: await files.read(hashEnvelopeFile),
  };
}

function withRestoreState(document: JsonObject, path: string): JsonObject {
  const machine = asObject(document.VirtualMachine, "VirtualMachine");
  return { ...document, VirtualMachine: { ...machine, RestoreState: { SaveStateFilePath: path } } };
}

/** A new VM is another account, whatever it goes on with. */
function grants(document: JsonObject, state: string): readonly HostWork[] {
  const disks = scsiDisks(document).filter(({ type }) => type !== "ExtensibleVirtualDisk");
  return [state, ...disks.map(({ path }) => String(path))].map((path) => ({ do: "grant-vm-access", path }));
}
