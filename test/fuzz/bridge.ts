/**
 * `bridge.ts [SECONDS [SEED]]` feeds both ends of the GCS bridge with damaged messages. Whatever comes, a connection ends
 * in good order or with a ShimError, every pending call settles, and the next connection is served. Prints the seed and
 * the count; a failure also the input, and exits with 1.
 */
import assert from "node:assert/strict";
import { ShimError } from "../../src/errors/shim-error.ts";
import { BridgeServer } from "../../src/gcs/bridge/server.ts";
import { Bridge } from "../../src/guestmanager/bridge/bridge.ts";
import { encodeBody } from "../../src/prot/body.ts";
import { FrameReader } from "../../src/prot/frame-reader.ts";
import { encodeFrame } from "../../src/prot/header.ts";
import { MessageIdentifier } from "../../src/prot/message-identifier.ts";
import { containerNotification } from "../../src/prot/messages/notification.ts";
import { rpcs } from "../../src/prot/rpc.ts";
import type { ByteStream } from "../../src/sys/byte-stream.ts";
import { memoryStreamPair } from "../../src/transport/memory-stream.ts";
import { ScriptedGcsHost } from "../harness/scripted-gcs-host.ts";
import { cut, damage } from "./damage.ts";
import { Random } from "./random.ts";

const seconds = Number(process.argv[2] ?? process.env.FUZZ_SECONDS ?? 60);
const seed = Number(process.argv[3] ?? Date.now() % 0x1_0000_0000);

const encoder = new TextEncoder();
const configs = [
  '{"SchemaVersion":{"Major":2,"Minor":1},"OciBundlePath":"/b","OciSpecification":{"a":18446744073709551615}}',
  "{}",
  "",
];
const values: readonly unknown[] = [0, -1, 1.5, 2 ** 32, "", "c", true, null, [], {}, [null], { Signal: 9 }, "{}"];

/** A request body with mostly sane members. */
function request(dice: Random): object {
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
  if (dice.chance(1 / 3)) body[dice.pick(Object.keys(body))] = dice.pick(values);
  return body;
}

function guestInput(dice: Random): Uint8Array {
  const types = Object.values(rpcs).map((rpc) => rpc.requestType);
  const frames: Uint8Array[] = [];
  if (!dice.chance(1 / 8)) frames.push(frame(rpcs.negotiateProtocol.requestType, 1n, request(new Random(1))));
  for (let i = dice.below(6); i > 0; i--) {
    const type = dice.chance(1 / 10) ? dice.below(0x1_0000_0000) : dice.pick(types);
    frames.push(frame(type, BigInt(dice.below(5)), request(dice)));
  }
  return damage(dice, Buffer.concat(frames));
}

function hostInput(dice: Random, calls: readonly (typeof rpcs)[keyof typeof rpcs][]): Uint8Array {
  const frames: Uint8Array[] = [];
  for (const [i, rpc] of calls.entries()) {
    const body: Record<string, unknown> = { Result: dice.pick([0, 0, -2147467259]), ProcessId: 1, Properties: "{}" };
    if (dice.chance(1 / 4)) body[dice.pick(["Result", "ProcessId", "Properties", "ErrorRecords"])] = dice.pick(values);
    if (!dice.chance(1 / 8)) frames.push(frame(rpc.responseType, BigInt(i + 1), body));
    if (dice.chance(1 / 6)) {
      const notification = encodeBody(containerNotification, {
        containerId: dice.pick(["c", "?"]),
        type: "ForcedExit",
      });
      frames.push(encodeFrame(MessageIdentifier.computeSystemNotificationV1, 0n, notification));
    }
  }
  return damage(dice, Buffer.concat(frames));
}

function frame(type: number, id: bigint, body: object): Uint8Array {
  return encodeFrame(type, id, encoder.encode(JSON.stringify(body)));
}

/** Writes it all, then EOF; reads what comes back until the end. */
async function feed(
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

async function fuzzGuest(dice: Random, input: Uint8Array): Promise<void> {
  const host = new ScriptedGcsHost();
  if (dice.chance(1 / 4)) {
    const fail = async (): Promise<never> => {
      throw new Error("scripted");
    };
    Object.assign(host.script, { startInit: fail, execExternal: fail, statistics: fail });
  }
  const server = new BridgeServer({ host });
  for (const bytes of [input, frame(rpcs.negotiateProtocol.requestType, 1n, request(new Random(1)))]) {
    const [hostEnd, guestEnd] = memoryStreamPair();
    const answers: number[] = [];
    const reader = new FrameReader(0x1_0000, ({ header, body }) => {
      JSON.parse(new TextDecoder().decode(body));
      answers.push(header.type);
    });
    const served = server.serve(guestEnd);
    await feed(hostEnd, cut(dice, bytes), (chunk) => reader.push(chunk));
    const reason = await served;
    assert.ok(reason === undefined || reason instanceof ShimError);
    if (bytes !== input) assert.deepEqual(answers, [rpcs.negotiateProtocol.responseType]);
  }
}

async function fuzzHost(dice: Random): Promise<Uint8Array> {
  const [hostEnd, guestEnd] = memoryStreamPair();
  const bridge = new Bridge(hostEnd, {
    requestTimeoutMs: 60_000,
    onNotification({ containerId }) {
      if (containerId !== "c") throw new ShimError("data-loss", "unknown container");
    },
  });
  const all = Object.values(rpcs);
  const asked = Array.from({ length: 1 + dice.below(4) }, () => dice.pick(all));
  const calls = asked.map((rpc) => bridge.call(rpc as typeof rpcs.start, { containerId: "c" }));
  const input = hostInput(dice, asked);
  const settled = Promise.allSettled(calls);
  await feed(guestEnd, cut(dice, input), () => undefined);
  for (const result of await settled) {
    if (result.status === "rejected") assert.ok(result.reason instanceof ShimError, String(result.reason));
  }
  const reason = await bridge.ended;
  assert.ok(reason === undefined || reason instanceof ShimError, String(reason));
  return input;
}

const dice = new Random(seed);
const deadline = Date.now() + seconds * 1000;
let count = 0;
let current: Uint8Array = new Uint8Array();
let finished = false;
process.on("unhandledRejection", (error) => {
  fail(error);
});

function fail(error: unknown): never {
  const told = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`bridge: seed ${seed}, input ${count}: ${Buffer.from(current).toString("hex")}\n${told}\n`);
  finished = true;
  process.exit(1);
}

// A call that never settles lets the runtime run dry in the middle of an input.
process.on("exit", () => {
  if (!finished) fail("the input left a promise that never settled");
});

try {
  while (Date.now() < deadline) {
    count++;
    if (dice.chance(1 / 2)) {
      current = guestInput(dice);
      await fuzzGuest(dice, current);
    } else {
      current = await fuzzHost(dice);
    }
  }
} catch (error) {
  fail(error);
}
finished = true;
process.stdout.write(`bridge: seed ${seed}, ${count} inputs in ${seconds} s, no failure\n`);
