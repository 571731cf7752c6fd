import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kindOf } from "../../src/errors/shim-error.ts";
import { type Operation, operations, type Resource, resources } from "../../src/vmmanager/support.ts";
import type { Stack, UtilityVM, UvmOptions } from "../../src/vmmanager/uvm.ts";

/** A resource and what is done to it: "scsi add". */
export type Row = `${Resource} ${Operation}`;
/**
 * `passed`: the stack says that it supports it, and serves the call. `unsupported`: it says that it does not, and the call
 * answers Unimplemented. A third there is not: the survey fails.
 */
export type Finding = "passed" | "unsupported";
export type Findings = Readonly<Partial<Record<Row, Finding>>>;

interface Surveyed {
  readonly stack: Stack;
  readonly options: UvmOptions;
}

const NO_ID = "00000000-0000-0000-0000-000000000001";

/**
 * One call for each thing that may be supported, in an order in which the VM stays of use. What they are about does not
 * exist: they change nothing that matters, and a stack that serves them says what is wrong.
 */
const calls: Readonly<Partial<Record<Row, (uvm: UtilityVM, surveyed: Surveyed) => Promise<unknown>>>> = {
  "lifetime create": async () => undefined,
  "lifetime start": (uvm) => uvm.start(),
  "lifetime pause": (uvm) => uvm.pause(),
  "lifetime save": (uvm, { options }) => uvm.save({ directory: options.stateDirectory }),
  "lifetime resume": (uvm) => uvm.resume(),
  // Of a VM that can't be saved there is nothing to restore, whatever its stack can do with others.
  "lifetime restore": (uvm, surveyed) => (uvm.supported("lifetime", "save") ? restoreNothing(surveyed) : refused(uvm)),
  "statistics read": (uvm) => uvm.statistics(),
  "scsi add": (uvm) => uvm.addScsiDisk({ controller: 0, lun: 9, hostPath: "/no/disk", readOnly: true }),
  "scsi remove": (uvm) => uvm.removeScsiDisk({ controller: 0, lun: 9 }),
  "vpmem add": (uvm) => uvm.addVpmemDevice({ deviceNumber: 3, hostPath: "/no/image", readOnly: true }),
  "vpmem remove": (uvm) => uvm.removeVpmemDevice(3),
  "vpmem update": (uvm) => uvm.addVpmemMapping({ deviceNumber: 3, offset: 0n, hostPath: "/no/image", readOnly: true }),
  "network add": (uvm) =>
    uvm.addNetworkAdapter({
      id: "no-adapter",
      macAddress: "02:00:00:00:00:01",
      backend: { kind: "unix-stream", path: "/no/socket" },
    }),
  "network remove": (uvm) => uvm.removeNetworkAdapter("no-adapter"),
  "pci add": (uvm) => uvm.addPciDevice({ id: "no-device", address: "ffff:ff:1f.7" }),
  "pci remove": (uvm) => uvm.removePciDevice("no-device"),
  "plan9 add": (uvm) => uvm.addPlan9Share({ name: "no-share", hostPath: "/no/directory", readOnly: true }),
  "plan9 remove": (uvm) => uvm.removePlan9Share("no-share"),
  "vsmb add": (uvm) => uvm.addVsmbShare({ name: "no-share", hostPath: "C:\\no\\directory" }),
  "vsmb remove": (uvm) => uvm.removeVsmbShare("no-share"),
  "pipe add": (uvm) => uvm.addPipe("\\\\.\\pipe\\no-pipe"),
  "pipe remove": (uvm) => uvm.removePipe("\\\\.\\pipe\\no-pipe"),
  "vm-socket update": (uvm) => uvm.updateSocketService(NO_ID, { disabled: true }),
  "vm-socket remove": (uvm) => uvm.removeSocketService(NO_ID),
  "cpu-group update": (uvm) => uvm.setCpuGroup(NO_ID),
  "cpu-limits update": (uvm) => uvm.updateCpuLimits({ weight: 100n }),
  // Beyond what there is room for.
  "memory update": (uvm) => uvm.updateMemory(1 << 30),
  "processor update": (uvm) => uvm.updateProcessors(1 << 20),
  "lifetime terminate": (uvm) => uvm.terminate(),
};

export const surveyRows = Object.keys(calls) as readonly Row[];

/** Asks a created UVM, which is terminated in the end, for all of it; fails where a stack says one thing and does another. */
export async function surveyUvm(uvm: UtilityVM, surveyed: Surveyed): Promise<Findings> {
  const findings: Partial<Record<Row, Finding>> = {};
  for (const row of surveyRows) {
    const [resource, operation] = row.split(" ") as [Resource, Operation];
    const outcome = await calls[row]?.(uvm, surveyed).then(() => "done", kindOf);
    const isSupported = uvm.supported(resource, operation);
    assert.equal(outcome !== "unimplemented", isSupported, `${row}: supported is ${isSupported}, the call: ${outcome}`);
    findings[row] = isSupported ? "passed" : "unsupported";
  }
  for (const resource of resources) {
    for (const operation of operations) {
      const isSilent = findings[`${resource} ${operation}`] === undefined && uvm.supported(resource, operation);
      assert.ok(!isSilent, `${resource} ${operation} is said to be supported, and nothing calls it`);
    }
  }
  return findings;
}

/** The save that it says not to support. */
function refused(uvm: UtilityVM): Promise<void> {
  return uvm.save({ directory: "/no/directory" });
}

async function restoreNothing({ stack, options }: Surveyed): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "uvm-nothing-"));
  try {
    await stack.restore({ ...options, id: `${options.id}-restored` }, { directory });
  } finally {
    rmSync(directory, { recursive: true });
  }
}
