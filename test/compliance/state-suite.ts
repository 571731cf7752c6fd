import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { kindOf } from "../../src/errors/shim-error.ts";
import { cellsOf, isFinal, Machine, type StateTable } from "../../src/orchestration/state-table.ts";

/** What every state table must be, and that its machine does in each cell what the table says. */
export function stateTableSuite(table: StateTable): void {
  describe(`state table ${table.resource}`, () => {
    const names = Object.keys(table.states);

    it("reaches every state from the initial one", () => {
      const seen = new Set([table.initial]);
      for (const state of seen) for (const to of Object.values(table.states[state]?.on ?? {})) seen.add(to);
      assert.deepEqual([...seen].sort(), [...names].sort());
    });

    it("has a way to an end from every state", () => {
      const ends = new Set(names.filter((n) => isFinal(table, n)));
      assert.ok(ends.size > 0, "no final state");
      for (let grown = true; grown; ) {
        grown = false;
        for (const n of names) {
          if (ends.has(n) || !Object.values(table.states[n]?.on ?? {}).some((to) => ends.has(to))) continue;
          ends.add(n);
          grown = true;
        }
      }
      assert.deepEqual([...ends].sort(), [...names].sort());
    });

    for (const { state, event, to } of cellsOf(table)) {
      it(`${state} x ${event} -> ${to ?? "refused"}`, () => {
        for (const target of names) {
          const machine = new Machine<StateTable, { name: string }>(table, "x1", { name: state });
          assert.equal(machine.transition(event, { name: target }), target === to);
          assert.equal(machine.state.name, target === to ? target : state);
        }
        const machine = new Machine<StateTable, { name: string }>(table, "x1", { name: state });
        assert.equal(machine.allows(event), to !== undefined);
        if (to === undefined) {
          assert.throws(
            () => machine.guard(event),
            (e: Error) =>
              kindOf(e) === "failed-precondition" &&
              e.message.startsWith(`${table.resource} x1 is ${state}; cannot ${event}`),
          );
        } else {
          machine.guard(event);
        }
      });
    }
  });
}

export interface WrongStateSubject {
  /** Present state's name. */
  state(): string;
  close(): Promise<void>;
}

/**
 * Wrong state x method, derived from the table: each method that stands for an event is called in each state which
 * refuses that event; it must fail with the kind (failed-precondition unless `kinds` says otherwise) and change nothing.
 */
export function wrongStateSuite<S extends WrongStateSubject>(
  table: StateTable,
  reach: Readonly<Record<string, () => Promise<S>>>,
  methods: Readonly<Record<string, (subject: S) => Promise<unknown>>>,
  kinds: Readonly<Record<string, string>> = {},
): void {
  describe(`${table.resource}: wrong state x method`, () => {
    it("names only states and events of the table, and every state", () => {
      assert.deepEqual(Object.keys(reach).sort(), Object.keys(table.states).sort());
      const events = new Set(cellsOf(table).map((cell) => cell.event));
      for (const event of Object.keys(methods)) assert.ok(events.has(event), event);
    });
    for (const { state, event, to } of cellsOf(table)) {
      const method = methods[event];
      const make = reach[state];
      if (to !== undefined || method === undefined || make === undefined) continue;
      it(`${event} in ${state} is refused`, async () => {
        const subject = await make();
        try {
          assert.equal(subject.state(), state);
          await assert.rejects(method(subject), (e: Error) => {
            assert.equal(kindOf(e), kinds[`${state}.${event}`] ?? kinds[event] ?? "failed-precondition", e.message);
            return true;
          });
          assert.equal(subject.state(), state);
        } finally {
          await subject.close();
        }
      });
    }
  });
}
