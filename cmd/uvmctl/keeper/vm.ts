import { Uvm } from "../../../src/generated/uvmshim/uvm/v1.ts";
import type { Client } from "../../../src/ttrpc/client.ts";
import { connect } from "../../../src/ttrpc/socket.ts";
import { type AddCommand, type Session, vmDirectoryOf } from "../session.ts";
import { keptVm } from "./records.ts";

type UvmClient = ReturnType<typeof uvmOf>;

const uvmOf = (client: Client) => client.service(Uvm);

/** The argument of all that drive one. */
export const VM = ["<name>", "of a VM that uvmctl booted"] as const;

/** Calls the keeper of a VM. Throws not-found, with the VMs that there are. */
export async function withVm<T>(
  name: string,
  command: Parameters<typeof vmDirectoryOf>[0],
  session: Session,
  work: (uvm: UvmClient) => Promise<T>,
): Promise<T> {
  const { socketPath } = await keptVm(vmDirectoryOf(command), name, session);
  const client = await connect(socketPath);
  try {
    return await work(uvmOf(client));
  } finally {
    client.close();
  }
}

/** A command that does one thing to a VM and says what came of it. */
export function vmCommand(
  name: string,
  about: string,
  run: (uvm: UvmClient, vm: string) => Promise<string>,
): AddCommand {
  return (program, session) => {
    program
      .command(name)
      .description(about)
      .argument(...VM)
      .action(async (vm: string, _, command) => {
        session.out(`${await withVm(vm, command, session, (uvm) => run(uvm, vm))}\n`);
      });
  };
}
