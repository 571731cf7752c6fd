import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { it } from "node:test";
import { stateTableSuite } from "../../test/compliance/state-suite.ts";
import { sandboxStates } from "./sandbox/state.ts";
import { streamStates } from "./stream/state.ts";

stateTableSuite(sandboxStates);
stateTableSuite(streamStates);

it("every state table is tested cell by cell", () => {
  const text = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
  const all = readdirSync(new URL(".", import.meta.url), { encoding: "utf8", recursive: true });
  const files = all.filter((path) => path.endsWith(".ts"));
  const tests = files.filter((path) => path.endsWith(".test.ts")).map(text);
  const tables = files
    .filter((path) => !path.endsWith(".test.ts"))
    .flatMap((path) => [...text(path).matchAll(/export const (\w+) = defineStates\(/g)].map(([, name]) => name));
  assert.ok(tables.length >= 7, tables.join(" "));
  for (const name of tables)
    assert.ok(
      tests.some((test) => test.includes(`stateTableSuite(${name})`)),
      name,
    );
});
