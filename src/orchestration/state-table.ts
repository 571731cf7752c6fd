import { failedPrecondition } from "../errors/shim-error.ts";

/**
 * A resource's life as data: state -> event -> next state. An event that leads back to its own state is an operation
 * which that state permits. The state type, the guards, the documentation and the tests all derive from the table.
 */
export interface StateTable {
  /** What the subject is called in messages and headings. */
  readonly resource: string;
  readonly initial: string;
  readonly states: Readonly<Record<string, StateRow>>;
}

export interface StateRow {
  readonly on: Readonly<Record<string, string>>;
  /** What a caller can do who was refused in this state; ends the error's sentence. */
  readonly mend?: string;
}

export type StateOf<T extends StateTable> = keyof T["states"] & string;
type KeysOf<U> = U extends unknown ? keyof U & string : never;
export type EventOf<T extends StateTable> = KeysOf<T["states"][StateOf<T>]["on"]>;
type NextOf<R, E> = R extends { readonly on: infer O } ? (E extends keyof O ? O[E] : never) : never;
/** The states that an event can lead to. */
export type TargetOf<T extends StateTable, E extends EventOf<T>> = NextOf<T["states"][StateOf<T>], E> & string;

type Sound<T extends StateTable> = {
  readonly initial: StateOf<T>;
  readonly states: { readonly [S in StateOf<T>]: { readonly on: Readonly<Record<string, StateOf<T>>> } };
};

/** Several states that carry the same data: one member of the union for each. */
export type Each<N extends string, Data> = N extends unknown ? { readonly name: N } & Data : never;

/** Declares a table; a target or an initial state that is no state of it does not compile. */
export function defineStates<const T extends StateTable>(table: T & Sound<T>): T {
  return table;
}

/**
 * The one holder of a subject's state: a tagged union (`name`) that carries each state's data, so that what a state
 * does not have cannot be read in it.
 */
export class Machine<T extends StateTable, D extends { readonly name: StateOf<T> }> {
  readonly table: T;
  readonly id: string;
  #state: D;
  readonly #onChange: ((from: D, to: D, event: string) => void) | undefined;

  constructor(table: T, id: string, initial: D, onChange?: (from: D, to: D, event: string) => void) {
    this.table = table;
    this.id = id;
    this.#state = initial;
    this.#onChange = onChange;
  }

  get state(): D {
    return this.#state;
  }

  is(...names: StateOf<T>[]): boolean {
    return names.includes(this.#state.name);
  }

  allows(event: EventOf<T>): boolean {
    return this.#next(event) !== undefined;
  }

  /** Throws failed-precondition "container c1 is stopped; cannot exec: ..." where the state does not permit the event. */
  guard(event: EventOf<T>, verb: string = event): void {
    if (!this.allows(event)) throw this.refusal(verb);
  }

  refusal(verb: string): Error {
    const mend = this.table.states[this.#state.name]?.mend;
    const end = mend === undefined ? "" : `: ${mend}`;
    return failedPrecondition(`${this.table.resource} ${this.id} is ${this.#state.name}; cannot ${verb}${end}`);
  }

  /** Compare and set. False: the state moved on before (a lost race); the caller cleans up what it made. */
  transition<E extends EventOf<T>>(event: E, to: Extract<D, { readonly name: TargetOf<T, E> }>): boolean {
    if (this.#next(event) !== to.name) return false;
    const from = this.#state;
    this.#state = to;
    if (from.name !== to.name) this.#onChange?.(from, to, event);
    return true;
  }

  /** `guard` and `transition` in one step. */
  begin<E extends EventOf<T>>(event: E, to: Extract<D, { readonly name: TargetOf<T, E> }>, verb?: string): void {
    this.guard(event, verb);
    if (!this.transition(event, to)) throw this.refusal(verb ?? event);
  }

  #next(event: string): string | undefined {
    const on = this.table.states[this.#state.name]?.on;
    return on !== undefined && Object.hasOwn(on, event) ? on[event] : undefined;
  }
}

export interface Cell {
  readonly state: string;
  readonly event: string;
  /** undefined: refused. */
  readonly to: string | undefined;
}

export function eventsOf(table: StateTable): string[] {
  return [...new Set(Object.values(table.states).flatMap((row) => Object.keys(row.on)))];
}

/** Every state x every event. */
export function cellsOf(table: StateTable): Cell[] {
  const events = eventsOf(table);
  return Object.entries(table.states).flatMap(([state, row]) =>
    events.map((event) => ({ state, event, to: Object.hasOwn(row.on, event) ? row.on[event] : undefined })),
  );
}

/** Nothing leads out of it. */
export function isFinal(table: StateTable, state: string): boolean {
  return Object.values(table.states[state]?.on ?? {}).every((to) => to === state);
}

/** The table as Markdown: a mermaid diagram of the changes, then every cell ("stays" = permitted, no change). */
export function renderStateTable(table: StateTable): string {
  const lines = ["```mermaid", "stateDiagram-v2", `  [*] --> ${node(table.initial)}`];
  for (const { state, event, to } of cellsOf(table)) {
    if (to !== undefined && to !== state) lines.push(`  ${node(state)} --> ${node(to)}: ${event}`);
  }
  for (const state of Object.keys(table.states)) {
    if (isFinal(table, state)) lines.push(`  ${node(state)} --> [*]`);
  }
  const events = eventsOf(table);
  lines.push("```", "");
  lines.push(`| ${table.resource} | ${events.join(" | ")} |`);
  lines.push(`| --- |${" --- |".repeat(events.length)}`);
  for (const [state, row] of Object.entries(table.states)) {
    const cells = events.map((event) => {
      const to = Object.hasOwn(row.on, event) ? row.on[event] : undefined;
      return to === undefined ? "" : to === state ? "stays" : to;
    });
    lines.push(`| **${state}** | ${cells.join(" | ")} |`);
  }
  return `${lines.join("\n")}\n`;
}

const node = (state: string): string => state.replaceAll("-", "_");
