import { resolveSettings } from "../../../src/config/settings.ts";
import { Any } from "../../../src/generated/google/protobuf.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import { checkpointOptions, ociDocument, runtimeOptions } from "../../../src/service/task/any.ts";
import { readOptions } from "../../../src/shim/options.ts";
import { decodeMessage } from "../../../src/ttrpc/message.ts";
import { type Damage, damageBody, damageBytes, either, untitled } from "../damage.ts";
import { damageProtobuf } from "../damage-protobuf.ts";
import type { Random } from "../random.ts";
import type { Outcome, Target } from "../target.ts";

const lines = [
  "[qemu]",
  "[[qemu]]",
  "[runc]",
  "[a.b.c]",
  'stack = "local"',
  'stack = "qemu"',
  "memory_mib = 1e9",
].concat(
  ["processors = 255", "processors = -1", "x = { y = { z = [1, 2, {}] } }", "d = 1979-05-27T07:32:00Z", "f = nan"],
  [
    '"__proto__" = 1',
    "[__proto__]",
    "[constructor.prototype]",
    's = """\n[  a\n"""',
    "s = '''",
    "n = 0xffffffffffffffff",
  ],
  [
    "qemu.accel = 1",
    'TypeUrl = "x"',
    'toString = "x"',
    "b = true # c",
    'u = "\\uD800"',
    'image = "/x"',
    "[qemu.image]",
  ],
);

const damageLines: Damage = (dice, input) => {
  const text = Buffer.from(input).toString("utf8").split("\n");
  for (let rounds = 1 + dice.below(3); rounds > 0; rounds -= 1) {
    const at = dice.below(text.length + 1);
    const taken = dice.below(2);
    text.splice(at, taken, ...Array.from({ length: dice.below(3) }, () => line(dice)));
  }
  return new Uint8Array(Buffer.from(text.join("\n")));
};

function line(dice: Random): string {
  if (!dice.chance(1 / 30)) return dice.pick(lines);
  const deep = dice.pick([10, 500, 5000]);
  return dice.pick([
    `TypeUrl = """\n[${" ".repeat(deep)}\n"""\nzzz = 1`,
    `TypeUrl = """\n${" ".repeat(deep)}x\n"""\nzzz = 1`,
    `a = ${"[".repeat(deep)}${"]".repeat(deep)}`,
    `a = ${"{a=".repeat(deep)}1${"}".repeat(deep)}`,
    `[${Array(deep).fill("a").join(".")}]`,
    `a = """\n[${" ".repeat(deep)}\n"""`,
    `a = """\n${" x".repeat(deep)}\n"""`,
  ]);
}

/** Runtime options as containerd hands them over: "any", a protobuf Any; "toml", the configuration in it. */
export function options(): Target {
  const toml = damageBody(either(damageLines, damageLines, damageBytes));
  const any = damageBody(damageProtobuf);
  return {
    name: "options",
    weight: 10,
    damage: (dice, input, others) => (untitled(input).title === "any" ? any : toml)(dice, input, others),
    run(input) {
      const { title, body } = untitled(input);
      if (title === "any") return readAny(body);
      return resolve({ configBody: Buffer.from(body).toString("utf8") });
    },
  };
}

function readAny(bytes: Uint8Array): Outcome | Promise<Outcome> {
  const any = decodeMessage(Any, bytes, "request") as Any;
  for (const read of [
    () => runtimeOptions(any, silentLogger),
    () => checkpointOptions(any, silentLogger),
    () => ociDocument({ ...any, typeUrl: "types.containerd.io/opencontainers/runtime-spec/1/Process" }, "Process", "x"),
  ]) {
    // Each refuses what is another's; the configuration is what counts.
    try {
      read();
    } catch (error) {
      if (!(error instanceof Error && error.name === "ShimError")) throw error;
    }
  }
  const { configBody, runc } = readOptions([any], silentLogger);
  return resolve({ ...(configBody !== undefined && { configBody }), ...(runc !== undefined && { runc }) });
}

async function resolve(request: Parameters<typeof resolveSettings>[0]): Promise<Outcome> {
  await resolveSettings({ ...request, defaultPath: "/nonexistent" });
  return "ok";
}
