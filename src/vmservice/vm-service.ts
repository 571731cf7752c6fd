import { assertNever, ShimError } from "../errors/shim-error.ts";
import { unlessAborted } from "../errors/unless-aborted.ts";
import {
  MemoryStats,
  ProcessorStats,
  PropertiesVMRequestPropertiesType as PropertiesType,
  PropertiesVMResponse,
  VM,
  VmState,
} from "../generated/vmservice.ts";
import { deadline } from "../orchestration/deadline.ts";
import type { Server } from "../ttrpc/server.ts";
import type { CallContext } from "../ttrpc/service.ts";
import { capabilities } from "./capabilities.ts";
import { planOf } from "./config.ts";
import { changeOf } from "./modify.ts";
import { attachmentOf } from "./pcie.ts";
import type { VmServicePorts } from "./ports.ts";
import { notDone } from "./refusals.ts";
import { ServedVm } from "./served-vm.ts";

/** A call's longest, whatever its caller allows; a stack's own bounds are shorter. */
const CALL_MS = 180_000;

/** `vmservice.VM`: a VM of this process. `quit` is called once Quit has been answered for. */
export function registerVmService(server: Server, ports: VmServicePorts, quit: () => void): ServedVm {
  const vm = new ServedVm(ports);
  const { log } = ports;
  const call = async <T>(
    method: string,
    { signal }: CallContext,
    work: (options: { signal: AbortSignal }) => Promise<T>,
  ) => {
    const limit = deadline(CALL_MS, method, signal);
    try {
      const answer = await unlessAborted(work(limit), limit.signal);
      log.debug(`${method} done`, { state: vm.state });
      return answer;
    } catch (thrown) {
      // What is not a ShimError is a fault of ours.
      const error = ShimError.from(thrown, "internal");
      log.info(`${method} failed`, { kind: error.kind, error: error.message });
      throw error;
    } finally {
      limit.done();
    }
  };
  const nothing = async (...parameters: Parameters<typeof call<void>>): Promise<object> => {
    await call(...parameters);
    return {};
  };

  server.register(VM, {
    createVM: ({ config, logId }, context) =>
      nothing("CreateVM", context, (options) => vm.create(nameOf(logId), planOf(config), options)),
    teardownVM: (_, context) => nothing("TeardownVM", context, () => vm.teardown()),
    pauseVM: (_, context) => nothing("PauseVM", context, (options) => vm.pause(options)),
    resumeVM: (_, context) => nothing("ResumeVM", context, (options) => vm.resume(options)),
    waitVM: async (_, { signal }) => {
      // As long as its caller likes.
      await vm.wait({ signal });
      return {};
    },
    capabilitiesVM: () => capabilities(ports),
    propertiesVM: ({ types }, context) => call("PropertiesVM", context, (options) => properties(vm, types, options)),
    modifyResource: (request, context) =>
      nothing("ModifyResource", context, (options) =>
        changeOf(request)(vm.changeable("change its resources"), options),
      ),
    addPcieDevice: ({ portName, device = {} }, context) =>
      nothing("AddPcieDevice", context, async (options) => {
        const made = vm.changeable("add a device");
        const attachment = attachmentOf(portName, device, `PCIe port ${portName}`);
        if (attachment.kind === "root" || attachment.kind === "vsock") {
          const what = attachment.kind === "root" ? "virtio.blk" : "virtio.vsock";
          throw notDone(`AddPcieDevice of ${what}`, "it is there from the VM's creation on, or not at all");
        }
        await made.plug(portName, attachment, options);
      }),
    removePcieDevice: ({ portName }, context) =>
      nothing("RemovePcieDevice", context, (options) => vm.changeable("remove a device").unplug(portName, options)),
    addVpciDevice: (_, context) =>
      nothing("AddVpciDevice", context, async () => {
        throw notDone("AddVpciDevice", "the VM has no VMBus: use AddPcieDevice");
      }),
    removeVpciDevice: (_, context) =>
      nothing("RemoveVpciDevice", context, async () => {
        throw notDone("RemoveVpciDevice", "the VM has no VMBus: use RemovePcieDevice");
      }),
    quit: (_, context) =>
      nothing("Quit", context, async () => {
        try {
          await vm.quit();
        } finally {
          quit();
        }
      }),
  });
  return vm;
}

/** A client's name for it, where QEMU's process can bear it. */
function nameOf(logId: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(logId) ? logId : "vm";
}

async function properties(
  vm: ServedVm,
  types: readonly PropertiesType[],
  options: { signal: AbortSignal },
): Promise<PropertiesVMResponse> {
  const statistics = types.length === 0 ? undefined : await vm.statistics(options);
  const { haltReason } = vm;
  const response = PropertiesVMResponse.create({ state: stateOf(vm), ...(haltReason !== undefined && { haltReason }) });
  if (statistics === undefined) return response;
  const { memory, processor } = statistics;
  if (types.includes(PropertiesType.Memory)) {
    response.memoryStats = MemoryStats.create({
      workingSetBytes: memory.workingSetBytes,
      assignedMemory: memory.assignedBytes,
    });
  }
  if (types.includes(PropertiesType.Processor)) {
    response.processorStats = ProcessorStats.create({ totalRuntimeNs: processor.totalNs });
  }
  return response;
}

/** On its way it is still what it was; one that is being made or taken down can't be used. */
function stateOf({ state }: ServedVm): VmState {
  switch (state) {
    case "uninitialized":
    case "creating":
    case "tearing-down":
    case "over":
      return VmState.Uninitialized;
    case "paused":
    case "resuming":
      return VmState.Paused;
    case "running":
    case "pausing":
      return VmState.Running;
    case "halted":
      return VmState.Halted;
    default:
      return assertNever(state);
  }
}
