import { Diagnostics, Direction } from "../../../src/generated/uvmshim/diag/v1.ts";
import type { AddCommand } from "../session.ts";
import { POD_OR_VM, withTarget } from "../targets.ts";

interface Options {
  readonly bodies?: boolean;
  readonly secrets?: boolean;
}

export const addBridge: AddCommand = (program, session) => {
  program
    .command("bridge")
    .description("what host and guest say to each other from now on, as JSON lines")
    .argument(...POD_OR_VM)
    .option("--bodies", "with the messages' documents, secrets hidden")
    .option("--secrets", "with all that is in them")
    .action(async (pod: string, { bodies = false, secrets = false }: Options, command) => {
      await withTarget(pod, command, session, async (client) => {
        const messages = client.service(Diagnostics).bridge({ bodies: bodies || secrets, secrets });
        for await (const { at, direction, name, id, bytes, ms, body, lost } of messages) {
          const line = {
            at: at && new Date(Number(at.seconds) * 1000 + at.nanos / 1e6).toISOString(),
            direction: direction === Direction.TO_GUEST ? "to-guest" : "from-guest",
            ...{ name, id: Number(id), bytes },
            ...(ms > 0 && { ms: Math.round(ms * 10) / 10 }),
            ...(body !== "" && { body }),
            ...(lost > 0n && { lost: Number(lost) }),
          };
          session.out(`${JSON.stringify(line)}\n`);
        }
      });
    });
};
