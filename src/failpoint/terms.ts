import { invalidArgument } from "../errors/shim-error.ts";

/** What a point does when it is hit. `docs/faults.md` has the grammar. */
export type Action =
  | { readonly kind: "off" }
  | { readonly kind: "error"; readonly message: string }
  | { readonly kind: "panic"; readonly message: string }
  | { readonly kind: "sleep"; readonly ms: number }
  | { readonly kind: "kill" }
  | { readonly kind: "jump"; readonly ms: number }
  | { readonly kind: "hold"; readonly path: string };

/**
 * The actions of one point, in order: each hit takes the first term that has not fired as often as it may. The grammar is
 * that of containerd's own failpoints (fail(9) before them), with more actions; `|` and `->` both join terms.
 */
export class Terms {
  readonly #terms: { left: number; readonly action: Action }[];

  /** Throws invalid-argument with the term that is none. */
  constructor(text: string) {
    this.#terms = split(text).map(parseTerm);
  }

  /** The action of this hit. */
  next(): Action {
    const term = this.#terms.find(({ left }) => left > 0);
    if (term === undefined) return { kind: "off" };
    term.left -= 1;
    return term.action;
  }
}

/** Not within an argument. */
function split(text: string): string[] {
  return text.split(/(?:\||->)(?![^(]*\))/);
}

function parseTerm(text: string): { left: number; action: Action } {
  const [, count, kind, argument] = /^\s*(?:(\d+)\*)?([a-z]+)(?:\(([^)]*)\))?\s*$/.exec(text) ?? [];
  const action = kind === undefined ? undefined : parseAction(kind, argument);
  if (action === undefined) {
    throw invalidArgument(
      `failpoint term ${JSON.stringify(text)}: want [N*]off, error(text), panic[(text)], sleep(ms), delay(ms), jump(ms), kill or hold(path)`,
    );
  }
  return { left: count === undefined ? Number.POSITIVE_INFINITY : Number(count), action };
}

function parseAction(kind: string, argument: string | undefined): Action | undefined {
  switch (kind) {
    case "off":
    case "kill":
      return argument === undefined ? { kind } : undefined;
    case "error":
      return argument ? { kind, message: argument } : undefined;
    case "panic":
      return { kind, message: argument ?? "failpoint" };
    case "sleep":
    case "delay":
      return /^\d+$/.test(argument ?? "") ? { kind: "sleep", ms: Number(argument) } : undefined;
    case "jump":
      return /^-?\d+$/.test(argument ?? "") ? { kind, ms: Number(argument) } : undefined;
    case "hold":
      return argument?.startsWith("/") ? { kind, path: argument } : undefined;
    default:
      return undefined;
  }
}
