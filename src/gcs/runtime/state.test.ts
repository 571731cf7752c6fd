import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import { allowed, ContainerState, type ContainerStateName, type ContainerVerb, moves } from "./state.ts";

const names = Object.keys(moves) as ContainerStateName[];

/** A shortest way through the table from "creating". */
function wayTo(target: ContainerStateName): ContainerStateName[] {
  const queue: ContainerStateName[][] = [["creating"]];
  for (const way of queue) {
    const last = way.at(-1) ?? "creating";
    if (last === target) return way.slice(1);
    for (const next of moves[last]) if (!way.includes(next)) queue.push([...way, next]);
  }
  throw new Error(`no way to ${target}`);
}

function stateIn(name: ContainerStateName): ContainerState {
  const state = new ContainerState("c1");
  for (const step of wayTo(name)) state.move(step);
  return state;
}

describe("container state", () => {
  for (const from of names) {
    for (const to of names) {
      const legal = moves[from].includes(to);
      it(`${legal ? "moves" : "refuses to move"} from ${from} to ${to}`, () => {
        const state = stateIn(from);
        if (legal) {
          state.move(to);
          assert.equal(state.name, to);
          return;
        }
        assert.throws(
          () => state.move(to),
          (error) => isKind(error, "failed-precondition"),
        );
        assert.equal(state.name, from);
      });
    }
    for (const verb of Object.keys(allowed) as ContainerVerb[]) {
      const legal = allowed[verb].includes(from);
      it(`${legal ? "lets" : "does not let"} a host ${verb} a ${from} container`, () => {
        const state = stateIn(from);
        if (legal) state.guard(verb);
        else assert.throws(() => state.guard(verb), new RegExp(`container "c1" is ${from}; cannot ${verb} it`));
        assert.equal(state.name, from);
      });
    }
  }
});
