import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { MessageType } from "../../../src/generated/wire.ts";
import { decodeMessage } from "../../../src/ttrpc/message.ts";
import { damageBody, titled, untitled } from "../damage.ts";
import { damageProtobuf } from "../damage-protobuf.ts";
import { Random } from "../random.ts";
import type { Target } from "../target.ts";

type AnyType = MessageType<Record<string, unknown>>;

const generated = join(import.meta.dirname, "../../../src/generated");

/** All that is generated, so that none is forgotten. */
async function types(): Promise<AnyType[]> {
  const files = readdirSync(generated, { recursive: true, encoding: "utf8" }).sort();
  const sources = files.filter((file) => file.endsWith(".ts") && !file.startsWith("wire"));
  const modules = await Promise.all(sources.map((file) => import(`../../../src/generated/${file}`)));
  return modules.flatMap((module: object) => Object.values<unknown>({ ...module })).filter(isType);
}

function isType(value: unknown): value is AnyType {
  return typeof value === "object" && value !== null && "typeName" in value && "decode" in value;
}

/** Each message's decoder: the first line is the type's name. What it takes is written and read again to the same. */
export async function protobuf(): Promise<Target> {
  const all = await types();
  const byName = new Map(all.map((type) => [type.typeName, type]));
  return {
    name: "protobuf",
    weight: 20,
    damage: damageBody(damageProtobuf),
    generate(dice) {
      const type = dice.pick(all);
      return titled(type.typeName, type.encode(filled(dice, type)));
    },
    run(input) {
      const { title, body } = untitled(input);
      const type = byName.get(title) ?? Random.from(input).pick(all);
      const message = decodeMessage(type, body, "request") as Record<string, unknown>;
      const bytes = type.encode(message);
      assert.ok(
        Buffer.from(type.encode(type.decode(bytes))).equals(bytes),
        `${type.typeName} is not the same the second time`,
      );
      return "ok";
    },
  };
}

/** A message with something in most of its plain fields. */
function filled(dice: Random, type: AnyType): Record<string, unknown> {
  const message = type.create();
  for (const [name, value] of Object.entries(message)) {
    if (dice.chance(1 / 4)) continue;
    if (typeof value === "string")
      message[name] = dice.pick(["a", "/run/x", "", "\u00e9\ud83d\ude00", "x".repeat(200)]);
    else if (typeof value === "number") message[name] = dice.pick([0, 1, 127, 2 ** 31 - 1]);
    else if (typeof value === "bigint") message[name] = dice.pick([0n, 1n, 2n ** 32n, 2n ** 63n - 1n]);
    else if (typeof value === "boolean") message[name] = true;
    else if (value instanceof Uint8Array) message[name] = dice.bytes(dice.below(30));
  }
  return message;
}
