import { ShimError } from "../../../src/errors/shim-error.ts";
import { memoryStreamPair } from "../../../src/transport/memory-stream.ts";
import { QmpClient } from "../../../src/vmmanager/stacks/qemu/qmp/client.ts";
import { removeDevice } from "../../../src/vmmanager/stacks/qemu/qmp/device-removal.ts";
import { cut, type Damage, damageBytes, joined } from "../damage.ts";
import { damageJson } from "../damage-json.ts";
import { Random } from "../random.ts";
import { outcomeOf, type Target } from "../target.ts";

const NEWLINE = 0x0a;

/** Mostly one line's JSON; whole lines also lost, doubled, moved. */
const damage: Damage = (dice, input, others) => {
  if (dice.chance(1 / 6)) return damageBytes(dice, input, others);
  const lines: Uint8Array[] = [];
  for (let from = 0; from < input.length; ) {
    const at = input.indexOf(NEWLINE, from);
    const end = at < 0 ? input.length : at + 1;
    lines.push(input.subarray(from, end));
    from = end;
  }
  const at = dice.below(lines.length);
  const line = lines[at] ?? new Uint8Array();
  if (dice.chance(1 / 4)) lines.splice(at, dice.below(2), ...(dice.chance(1 / 2) ? [line, line] : []));
  else lines[at] = joined(damageJson(dice, line, []), Uint8Array.of(NEWLINE));
  return joined(...lines);
};

/** All that a QEMU says in one connection, to a client that has asked for something: whatever comes, everybody hears the end. */
export function qmpClient(): Target {
  return {
    name: "qmp-client",
    weight: 3,
    damage,
    async run(input) {
      const dice = Random.from(input);
      const [qemu, ours] = memoryStreamPair();
      const closed = new Promise<void>((resolve) => {
        qemu.open({ data() {}, end: () => qemu.end(), drain() {}, close: () => resolve() });
      });
      const opening = QmpClient.over(ours);
      opening.catch(() => undefined);
      const [greeting, ...rest] = cut(dice, input);
      if (greeting !== undefined) qemu.write(greeting);
      for (const chunk of rest) qemu.write(chunk);
      if (dice.chance(1 / 3)) qemu.end();
      // Commands are out before the answers are read: those come in tasks of their own.
      const reason = opening.then((client) => use(client, dice)).catch((error: unknown) => error);
      if (!dice.chance(1 / 2)) await new Promise((resolve) => setImmediate(resolve));
      qemu.end();
      await closed;
      return outcomeOf(await reason);
    },
  };
}

async function use(client: QmpClient, dice: Random): Promise<unknown> {
  const asked: Promise<unknown>[] = [
    client.execute("query-status"),
    client.execute("query-memory-devices"),
    dice.chance(1 / 2) ? client.next("STOP") : client.next("SHUTDOWN"),
    dice.chance(1 / 2) ? removeDevice(client, "d") : client.execute("query-migrate"),
  ];
  for (const result of await Promise.allSettled(asked)) {
    if (result.status === "rejected" && !(result.reason instanceof ShimError)) {
      throw new Error("a call was refused with what is no ShimError", { cause: result.reason });
    }
  }
  return client.closed;
}
