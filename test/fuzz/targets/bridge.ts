import assert from "node:assert/strict";
import { ShimError } from "../../../src/errors/shim-error.ts";
import { BridgeServer } from "../../../src/gcs/bridge/server.ts";
import { Bridge } from "../../../src/guestmanager/bridge/bridge.ts";
import { FrameReader } from "../../../src/prot/frame-reader.ts";
import { encodeFrame } from "../../../src/prot/header.ts";
import { MessageIdentifier } from "../../../src/prot/message-identifier.ts";
import { rpcs } from "../../../src/prot/rpc.ts";
import type { ByteStream } from "../../../src/sys/byte-stream.ts";
import { memoryStreamPair } from "../../../src/transport/memory-stream.ts";
import { ScriptedGcsHost } from "../../harness/scripted-gcs-host.ts";
import { cut, damageBytes, joined } from "../damage.ts";
import { Random } from "../random.ts";
import { outcomeOf, type Target } from "../target.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const all = Object.values(rpcs);
const configs = [
  '{"SchemaVersion":{"Major":2,"Minor":1},"OciBundlePath":"/b","OciSpecification":{"a":18446744073709551615}}',
  "{}",
  "",
];
const values: readonly unknown[] = [0, -1, 1.5, 2 ** 32, "", "c", true, null, [], {}, [null], { Signal: 9 }, "{}"];
const good = request(new Random(1), 0);

/** A frame with a request's body, of mostly sane members. */
function request(dice: Random, wrong = 1 / 3): object {
  const body: Record<string, unknown> = {
    ContainerId: dice.pick(["c", "d", "", "00000000-0000-0000-0000-000000000000"]),
    ActivityId: "a",
    MinimumVersion: 4,
    MaximumVersion: 4,
    ProcessId: dice.below(200),
    TimeoutInMs: 0xffff_ffff,
    Height: 1,
    Width: 1,
    Options: { Signal: 9 },
    Query: '{"PropertyTypes":["Statistics","ProcessList"]}',
    Request: { ResourceType: "Freezer", RequestType: "Update", Settings: {} },
    Settings: { ProcessParameters: '{"CommandLine":"a \'b\'"}' },
    ContainerConfig: dice.pick(configs),
  };
  if (dice.chance(wrong)) body[dice.pick(Object.keys(body))] = dice.pick(values);
  return body;
}

function frame(type: number, id: bigint, body: object): Uint8Array {
  return encodeFrame(type, id, encoder.encode(JSON.stringify(body)));
}

/** A host's bytes into a guest: it answers whole frames or ends the connection, and serves the next host. */
export function bridgeGuest(): Target {
  return {
    name: "bridge-guest",
    weight: 3,
    damage: damageBytes,
    generate(dice) {
      const frames: Uint8Array[] = [];
      if (!dice.chance(1 / 8)) frames.push(frame(rpcs.negotiateProtocol.requestType, 1n, good));
      for (let i = dice.below(6); i > 0; i -= 1) {
        const type = dice.chance(1 / 10) ? dice.below(0x1_0000_0000) : dice.pick(all).requestType;
        frames.push(frame(type, BigInt(dice.below(5)), request(dice)));
      }
      return joined(...frames);
    },
    async run(input) {
      const dice = Random.from(input);
      const host = new ScriptedGcsHost();
      if (dice.chance(1 / 4)) {
        const fail = async (): Promise<never> => {
          throw new Error("scripted");
        };
        Object.assign(host.script, { startInit: fail, execExternal: fail, statistics: fail });
      }
      const server = new BridgeServer({ host });
      const reason = await served(server, cut(dice, input), () => undefined);
      const answers: number[] = [];
      await served(server, [frame(rpcs.negotiateProtocol.requestType, 1n, good)], (type) => answers.push(type));
      assert.deepEqual(answers, [rpcs.negotiateProtocol.responseType], "the next host is not served");
      return outcomeOf(reason);
    },
  };
}

async function served(server: BridgeServer, chunks: readonly Uint8Array[], answered: (type: number) => void) {
  const [hostEnd, guestEnd] = memoryStreamPair();
  const reader = new FrameReader(0x1_0000, ({ header, body }) => {
    JSON.parse(decoder.decode(body));
    answered(header.type);
  });
  const over = server.serve(guestEnd);
  await exchange(hostEnd, chunks, (chunk) => reader.push(chunk));
  return over;
}

/** A guest's bytes to a host that waits for answers: every call settles. */
export function bridgeHost(): Target {
  return {
    name: "bridge-host",
    weight: 3,
    damage: damageBytes,
    generate(dice) {
      const frames: Uint8Array[] = [];
      const choice = dice.below(50);
      for (const [i, rpc] of asked(choice).entries()) {
        const body: Record<string, unknown> = {
          Result: dice.pick([0, 0, -2147467259]),
          ProcessId: 1,
          Properties: "{}",
        };
        if (dice.chance(1 / 4))
          body[dice.pick(["Result", "ProcessId", "Properties", "ErrorRecords"])] = dice.pick(values);
        if (!dice.chance(1 / 8)) frames.push(frame(rpc.responseType, BigInt(i + 1), body));
        if (!dice.chance(1 / 6)) continue;
        const notification = { ContainerId: dice.pick(["c", "?"]), Type: dice.pick(["ForcedExit", "?"]) };
        frames.push(frame(MessageIdentifier.computeSystemNotificationV1, 0n, notification));
      }
      return joined(Uint8Array.of(choice), ...frames);
    },
    async run(input) {
      const [hostEnd, guestEnd] = memoryStreamPair();
      const bridge = new Bridge(hostEnd, {
        requestTimeoutMs: 60_000,
        onNotification({ containerId }) {
          if (containerId !== "c") throw new ShimError("data-loss", "unknown container");
        },
      });
      const calls = asked(input[0] ?? 0).map((rpc) => bridge.call(rpc as typeof rpcs.start, { containerId: "c" }));
      const settled = Promise.allSettled(calls);
      await exchange(guestEnd, cut(Random.from(input), input.subarray(1)), () => undefined);
      for (const result of await settled) {
        if (result.status === "rejected") assert.ok(result.reason instanceof ShimError, String(result.reason));
      }
      return outcomeOf(await bridge.ended);
    },
  };
}

/** The calls that are under way when the input comes: its first byte chooses them. */
function asked(choice: number) {
  return [choice, choice * 3, choice * 5].slice(0, 1 + (choice % 3)).map((at) => all[at % all.length] ?? rpcs.start);
}

/** Writes it all, then EOF; reads what comes back until the end. */
async function exchange(
  stream: ByteStream,
  chunks: readonly Uint8Array[],
  data: (chunk: Uint8Array) => void,
): Promise<void> {
  const over = new Promise<void>((resolve) => {
    stream.open({ data, end: () => stream.end(), drain: () => undefined, close: () => resolve() });
  });
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await over;
}
