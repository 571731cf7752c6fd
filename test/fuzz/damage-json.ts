import { type Damage, damageBytes } from "./damage.ts";
import type { Random } from "./random.ts";

/** A number that no JavaScript value writes: kept as its text. */
class Token {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Parent = Record<string, unknown> | unknown[];

const numbers = ["-0", "0.5", "-1", "255", "256", "2147483648", "4294967295", "4294967296", "9007199254740993"].concat(
  ["18446744073709551615", "18446744073709551616", "-9223372036854775809", "1e308", "1e999", "-1e-400"],
  ["1".repeat(400)],
);
const texts = [
  "",
  "\0",
  "/",
  "..",
  "../..",
  "\ud800",
  "a".repeat(5000),
  "{}",
  "[",
  "null",
  "/proc/1",
  "0",
  "-1",
  "1e9",
];
const names = ["__proto__", "constructor", "toString", "valueOf", "toJSON", "length", "then", "", "hasOwnProperty"];

/** One to three edits of the document's tree; sometimes of a document inside one of its strings. */
export const damageJson: Damage = (dice, input, others) => {
  let root: { document: unknown };
  try {
    root = { document: JSON.parse(Buffer.from(input).toString("utf8")) };
  } catch {
    return damageBytes(dice, input, others);
  }
  for (let rounds = 1 + dice.below(3); rounds > 0; rounds -= 1) edit(dice, root);
  const text = write(root.document, 0);
  const bytes = new Uint8Array(Buffer.from(text));
  return dice.chance(1 / 10) ? damageBytes(dice, bytes, others) : bytes;
};

function edit(dice: Random, root: Record<string, unknown>): void {
  const { parent, key } = place(dice, root);
  const value = Reflect.get(parent, key) as unknown;
  if (typeof value === "string" && value.startsWith("{") && dice.chance(3 / 4)) {
    set(parent, key, Buffer.from(damageJson(dice, Buffer.from(value), [])).toString());
    return;
  }
  switch (dice.below(8)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else if (parent !== root) Reflect.deleteProperty(parent, key);
      break;
    case 1:
      if (Array.isArray(parent)) parent.push(value);
      else set(parent, dice.pick(names), value);
      break;
    case 2:
      set(parent, key, nested(dice, value));
      break;
    case 3: {
      const other = place(dice, root);
      // Of its text: a tree must not hold itself.
      set(parent, key, copy(Reflect.get(other.parent, other.key)));
      break;
    }
    case 4:
      set(parent, key, { [dice.pick(names)]: copy(value), [dice.pick(names)]: 1 });
      break;
    default:
      set(parent, key, scalar(dice));
  }
}

/** A member somewhere in the tree. */
function place(dice: Random, root: Record<string, unknown>): { parent: Parent; key: string } {
  let parent: Parent = root;
  let key = "document";
  for (;;) {
    const value = Reflect.get(parent, key) as unknown;
    if (typeof value !== "object" || value === null || value instanceof Token) return { parent, key };
    const keys = Object.keys(value);
    if (keys.length === 0 || dice.chance(1 / 6)) return { parent, key };
    parent = value as Parent;
    key = dice.pick(keys);
  }
}

function set(parent: Parent, key: string, value: unknown): void {
  Object.defineProperty(parent, key, { value, writable: true, enumerable: true, configurable: true });
}

function scalar(dice: Random): unknown {
  switch (dice.below(6)) {
    case 0:
      return null;
    case 1:
      return dice.chance(1 / 2);
    case 2:
      return new Token(dice.pick(numbers));
    case 3:
      return dice.pick([[], {}, [null], [[]], [{}], ["x"], { a: "b" }]);
    case 4:
      return dice.pick(texts);
    default:
      return dice.below(70_000) - 1000;
  }
}

function nested(dice: Random, value: unknown): unknown {
  const depth = dice.chance(1 / 60) ? dice.pick([100, 511, 512, 513, 3000, 12_000]) : 1 + dice.below(3);
  const isList = dice.chance(1 / 2);
  return new Token(
    isList
      ? `${"[".repeat(depth)}${write(value, 0)}${"]".repeat(depth)}`
      : `${'{"a":'.repeat(depth)}${write(value, 0)}${"}".repeat(depth)}`,
  );
}

function copy(value: unknown): unknown {
  return new Token(write(value, 0));
}

function write(value: unknown, depth: number): string {
  if (value instanceof Token) return value.text;
  if (typeof value !== "object" || value === null || depth > 600) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map((each) => write(each, depth + 1)).join()}]`;
  return `{${Object.entries(value)
    .map(([name, each]) => `${JSON.stringify(name)}:${write(each, depth + 1)}`)
    .join()}}`;
}
