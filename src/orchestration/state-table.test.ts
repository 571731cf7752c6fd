import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stateTableSuite } from "../../test/compliance/state-suite.ts";
import { defineStates, Machine, renderStateTable } from "./state-table.ts";

const door = defineStates({
  resource: "door",
  initial: "shut",
  states: {
    shut: { on: { open: "open", knock: "shut", demolish: "gone" }, mend: "open it first" },
    open: { on: { shut: "shut", demolish: "gone" } },
    gone: { on: {} },
  },
} as const);
type Door = { name: "shut" } | { name: "open"; width: number } | { name: "gone" };

stateTableSuite(door);

describe("Machine", () => {
  it("carries a state's data and reports changes", () => {
    const changes: string[] = [];
    const m = new Machine<typeof door, Door>(door, "d1", { name: "shut" }, (from, to, event) =>
      changes.push(`${from.name} -> ${to.name} (${event})`),
    );
    m.begin("open", { name: "open", width: 80 });
    assert.deepEqual(m.state, { name: "open", width: 80 });
    assert.equal(m.transition("open", { name: "open", width: 90 }), false);
    assert.deepEqual(m.state, { name: "open", width: 80 });
    m.begin("shut", { name: "shut" });
    m.begin("knock", { name: "shut" });
    assert.deepEqual(changes, ["shut -> open (open)", "open -> shut (shut)"]);
  });

  it("says subject, state, verb and mend", () => {
    const m = new Machine<typeof door, Door>(door, "d1", { name: "shut" });
    assert.throws(() => m.guard("shut", "close"), { message: "door d1 is shut; cannot close: open it first" });
    m.begin("demolish", { name: "gone" });
    assert.throws(() => m.guard("knock"), { message: "door d1 is gone; cannot knock" });
  });

  it("does not take an object's own members for events", () => {
    const m = new Machine<typeof door, Door>(door, "d1", { name: "shut" });
    assert.throws(() => m.guard("toString" as "open"), /cannot toString/);
  });
});

describe("renderStateTable", () => {
  it("draws the changes and lists every cell", () => {
    const text = renderStateTable(door);
    assert.match(text, /\[\*\] --> shut/);
    assert.match(text, /shut --> open: open/);
    assert.doesNotMatch(text, /knock: /);
    assert.match(text, /gone --> \[\*\]/);
    assert.match(text, /\| \*\*shut\*\* \| open \| stays \| gone \| {2}\|/);
  });
});
