import { assertNever, invalidArgument } from "../../errors/shim-error.ts";
import { type Device, DeviceKind, type Sizing, StatusResponse, Uvm } from "../../generated/uvmshim/uvm/v1.ts";
import type { Logger } from "../../log/logger.ts";
import type { DrivenUvm, UvmDevice, DeviceKind as UvmDeviceKind } from "../../orchestration/uvm/ports.ts";
import type { Server } from "../../ttrpc/server.ts";
import type { Handlers, UnaryHandler } from "../../ttrpc/service.ts";
import type { UvmSizing } from "../../vmmanager/sizing.ts";
import { failedCall } from "../status.ts";
import { timestampOf } from "../timestamp.ts";

export interface UvmServiceOptions {
  /** Made of what a boot asks for; restored ones bring their size. */
  uvm(sizing?: UvmSizing): DrivenUvm;
  /** Nothing of a VM that has stopped, or never came up, is left when it resolves. */
  release(): Promise<void>;
  readonly log: Logger;
}

export function registerUvmService(server: Pick<Server, "register">, options: UvmServiceOptions): void {
  server.register(Uvm, uvmHandlers(options));
}

/** uvmshim.uvm.v1; decode, call, encode. */
export function uvmHandlers({ uvm, release, log }: UvmServiceOptions): Handlers<typeof Uvm> {
  const rpc =
    <I, O>(run: UnaryHandler<I, O>): UnaryHandler<I, O> =>
    async (request, context) => {
      try {
        return await run(request, context);
      } catch (thrown) {
        throw failedCall(log, context.method, thrown);
      }
    };
  const told = async (): Promise<StatusResponse> => {
    const { state, stack, pid = 0, upSince, sizing, devices } = await uvm().status();
    return StatusResponse.create({
      ...{ state, stack, pid, devices: devices.map(toDevice) },
      ...(sizing && { sizing: toSizing(sizing) }),
      ...(upSince && { upSince: timestampOf(upSince) }),
    });
  };
  const begun = async (work: Promise<void>): Promise<StatusResponse> => {
    try {
      await work;
    } catch (cause) {
      await release();
      throw cause;
    }
    return told();
  };
  return {
    boot: rpc(({ sizing, devices }, { signal }) =>
      begun(uvm(sizing && readSizing(sizing)).boot(devices.map(readDevice), { signal })),
    ),
    restore: rpc(({ directory }, { signal }) => begun(uvm().restore(directory, { signal }))),
    pause: rpc(async () => {
      await uvm().pause();
      return told();
    }),
    resume: rpc(async () => {
      await uvm().resume();
      return told();
    }),
    save: rpc(async ({ directory }) => {
      await uvm().save(directory);
      return told();
    }),
    add: rpc(async ({ device }) => {
      if (device === undefined) throw invalidArgument("no device is named; cannot add it");
      return toDevice(await uvm().add(readDevice(device)));
    }),
    remove: rpc(async ({ kind, what }) => {
      await uvm().remove(readKind(kind), what);
      return {};
    }),
    resizeMemory: rpc(async ({ byMib }) => {
      await uvm().resizeMemory(byMib);
      return told();
    }),
    status: rpc(told),
    stats: rpc(async (_, { signal }) => {
      const { memory, processor, details } = await uvm().statistics({ signal });
      return {
        memoryAssignedBytes: memory.assignedBytes,
        memoryWorkingSetBytes: memory.workingSetBytes,
        processorTotalNs: processor.totalNs,
        processorGuestNs: processor.guestNs,
        details: new Map(Object.entries(details)),
      };
    }),
    stop: rpc(async ({ now }) => {
      await uvm().stop({ now });
      await release();
      return {};
    }),
  };
}

const kinds = new Map<DeviceKind, UvmDeviceKind>([
  [DeviceKind.DISK, "disk"],
  [DeviceKind.SHARE, "share"],
  [DeviceKind.NIC, "nic"],
  [DeviceKind.VPMEM, "vpmem"],
]);

function readKind(kind: DeviceKind): UvmDeviceKind {
  const known = kinds.get(kind);
  if (known === undefined) throw invalidArgument(`device kind ${kind} is not known: give a disk, share, nic or vpmem`);
  return known;
}

function readDevice({ kind, ...device }: Device): UvmDevice {
  return { ...device, kind: readKind(kind) };
}

function toDevice({ kind, ...device }: UvmDevice): Device {
  return { ...device, kind: toKind(kind) };
}

export function toKind(kind: UvmDeviceKind): DeviceKind {
  switch (kind) {
    case "disk":
      return DeviceKind.DISK;
    case "share":
      return DeviceKind.SHARE;
    case "nic":
      return DeviceKind.NIC;
    case "vpmem":
      return DeviceKind.VPMEM;
    default:
      return assertNever(kind);
  }
}

function readSizing({
  processors,
  maxProcessors,
  memoryMib: memoryMiB,
  maxMemoryMib: maxMemoryMiB,
}: Sizing): UvmSizing {
  return { processors, maxProcessors, memoryMiB, maxMemoryMiB };
}

function toSizing({ processors, maxProcessors, memoryMiB: memoryMib, maxMemoryMiB: maxMemoryMib }: UvmSizing): Sizing {
  return { processors, maxProcessors, memoryMib, maxMemoryMib };
}
