import { ShimError } from "../../../src/errors/shim-error.ts";
import { type StatusResponse, Uvm } from "../../../src/generated/uvmshim/uvm/v1.ts";
import { connect } from "../../../src/ttrpc/socket.ts";
import { type Column, jsonOption, printRows } from "../output.ts";
import { type AddCommand, vmDirectoryOf } from "../session.ts";

interface Row {
  readonly name: string;
  readonly state: string;
  readonly stack: string;
  /** Of the keeper. */
  readonly keeperPid: number;
  readonly pid: number;
  readonly processors: number;
  readonly memoryMiB: number;
  readonly devices: number;
  readonly upSince: string;
}

const columns: readonly Column<Row>[] = [
  { title: "NAME", value: ({ name }) => name },
  { title: "STATE", value: ({ state }) => state },
  { title: "STACK", value: ({ stack }) => stack },
  { title: "CPUS", value: ({ processors }) => processors || "", right: true },
  { title: "MEMORY MiB", value: ({ memoryMiB }) => memoryMiB || "", right: true },
  { title: "DEVICES", value: ({ devices }) => devices, right: true },
  { title: "KEEPER", value: ({ keeperPid }) => keeperPid, right: true },
  { title: "PID", value: ({ pid }) => pid || "", right: true },
  { title: "UP SINCE", value: ({ upSince }) => upSince },
];

export const addList: AddCommand = (program, session) => {
  program
    .command("list")
    .description("the VMs that uvmctl booted")
    .addOption(jsonOption())
    .action(async (options: { json?: boolean }, command) => {
      const { keptVms } = await import("../keeper/records.ts");
      const kept = await keptVms(vmDirectoryOf(command), session);
      const rows = kept.map(async ({ name, pid: keeperPid, stack, socketPath }): Promise<Row> => {
        const told = await statusOf(socketPath);
        const base = { name, stack, keeperPid };
        if (told instanceof ShimError) {
          const unknown = { pid: 0, processors: 0, memoryMiB: 0, devices: 0, upSince: "" };
          return { ...base, ...unknown, state: `not told: ${told.message}` };
        }
        const { state, pid, sizing, devices, upSince } = told;
        return {
          ...{ ...base, state, pid, devices: devices.length },
          ...{ processors: sizing?.processors ?? 0, memoryMiB: sizing?.memoryMib ?? 0 },
          upSince: upSince === undefined ? "" : new Date(Number(upSince.seconds) * 1000).toISOString(),
        };
      });
      printRows(session, await Promise.all(rows), { ...options, columns });
    });
};

async function statusOf(socketPath: string): Promise<StatusResponse | ShimError> {
  try {
    const client = await connect(socketPath);
    try {
      return await client.service(Uvm).status({});
    } finally {
      client.close();
    }
  } catch (thrown) {
    return ShimError.from(thrown);
  }
}
