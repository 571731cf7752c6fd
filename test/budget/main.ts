/** main.ts --record STACK: counts what a pod's life takes, and writes it as the budget of `make test`. */
import { writeFileSync } from "node:fs";
import { count } from "./count.ts";

const [flag, stack] = process.argv.slice(2);
if (flag !== "--record" || (stack !== "local" && stack !== "qemu")) {
  process.stderr.write("usage: main.ts --record local|qemu\n");
  process.exit(2);
}
const counts = await count(stack);
const rounded = Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, Math.round(value * 10) / 10]));
writeFileSync(new URL(`${stack}.json`, import.meta.url), `${JSON.stringify(rounded, null, 2)}\n`);
process.stdout.write(`${JSON.stringify(rounded, null, 2)}\n`);
