import type { Device } from "../../../src/generated/uvmshim/uvm/v1.ts";
import { kindName } from "../devices.ts";
import { VM, withVm } from "../keeper/vm.ts";
import { type Column, jsonOption, renderTable, toJson } from "../output.ts";
import type { AddCommand } from "../session.ts";

const MIB = 2n ** 20n;

const facts: readonly Column<readonly [string, string]>[] = [
  { title: "WHAT", value: ([what]) => what },
  { title: "VALUE", value: ([, value]) => value },
];
const devices: readonly Column<Device>[] = [
  { title: "DEVICE", value: ({ kind }) => kindName(kind) },
  { title: "SOURCE", value: ({ source }) => source },
  { title: "GUEST", value: ({ guest }) => guest },
  { title: "MODE", value: ({ readOnly, bare }) => [readOnly ? "ro" : "rw", ...(bare ? ["bare"] : [])].join(",") },
];

export const addStats: AddCommand = (program, session) => {
  program
    .command("stats")
    .description("what a VM is made of, uses, and has in it")
    .argument(...VM)
    .addOption(jsonOption())
    .action(async (name: string, { json = false }: { json?: boolean }, command) => {
      const [status, stats] = await withVm(name, command, session, (uvm) =>
        Promise.all([uvm.status({}), uvm.stats({})]),
      );
      if (json) {
        const named = status.devices.map(({ kind, ...device }) => ({ kind: kindName(kind), ...device }));
        session.out(`${toJson({ name, ...status, devices: named, upSince: undefined, stats })}\n`);
        return;
      }
      const { sizing } = status;
      const rows: [string, string][] = [
        ["state", status.state],
        ["stack", status.stack],
        ["processors", sizing === undefined ? "" : `${sizing.processors} (at most ${sizing.maxProcessors})`],
        ["memory", sizing === undefined ? "" : `${sizing.memoryMib} MiB (at most ${sizing.maxMemoryMib})`],
        ["memory used here", `${stats.memoryWorkingSetBytes / MIB} MiB`],
        ["processor time", `${cpuSeconds(stats.processorTotalNs)} s`],
        ["of it the guest's", `${cpuSeconds(stats.processorGuestNs)} s`],
        ...[...stats.details].sort(),
      ];
      session.out(renderTable(rows, facts));
      if (status.devices.length > 0) session.out(`\n${renderTable(status.devices, devices)}`);
    });
};

function cpuSeconds(ns: bigint): string {
  return (Number(ns) / 1e9).toFixed(1);
}
