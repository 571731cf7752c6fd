import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ShimError } from "../../src/errors/shim-error.ts";
import { Random } from "./random.ts";
import { mistakeIn, type Outcome, type Target } from "./target.ts";
import type { Watchdog } from "./watchdog.ts";

export interface Run {
  readonly seed: number;
  /** The first input's number. */
  readonly from: number;
  /** Whichever comes first. */
  readonly inputs: number;
  readonly seconds: number;
}

export interface Finding {
  readonly index: number;
  readonly input: Uint8Array;
  readonly error: unknown;
}

export interface Report {
  readonly inputs: number;
  readonly seconds: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Of one input. */
  readonly longestMs: number;
  /** Resident memory at its highest ever, against that of the first inputs. */
  readonly growthBytes: number;
  /** One for each place that they come from. */
  readonly findings: readonly Finding[];
}

/** Far above what any target needs for an input, on a loaded machine too. */
export const LONGEST_MS = 20_000;
/** Longer ones are tests of a limit: changed at random they teach little and cost much. */
const LONGEST_BASE = 8192;
const REST_EVERY = 2_000;
const WARM_UP = 20_000;
/** What a collector lets lie about, and no more; of all, and of what comes after the first inputs. */
const MEMORY_LIMIT = 1 << 30;
const GROWTH_LIMIT = 384 << 20;
const MOST_FINDINGS = 25;

export function corpusOf(target: string): { readonly name: string; readonly bytes: Uint8Array }[] {
  const directory = join(import.meta.dirname, "corpus", target);
  return readdirSync(directory)
    .sort()
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(directory, name))) }));
}

/** The input of that number: of the seed and the corpus alone, whatever ran before it. */
export function inputOf(target: Target, corpus: readonly Uint8Array[], seed: number, index: number): Uint8Array {
  const dice = Random.of(seed, index);
  const { generate, damage } = target;
  if (generate === undefined) return damage(dice, dice.pick(corpus), corpus);
  const fresh = corpus.length === 0 || dice.chance(3 / 4);
  const input = fresh ? generate(dice) : dice.pick(corpus);
  return fresh && dice.chance(1 / 3) ? input : damage(dice, input, corpus);
}

/** Throws for a finding: anything but an outcome. */
export async function feed(target: Target, input: Uint8Array): Promise<Outcome> {
  const mistakes: Error[] = [];
  const { from } = ShimError;
  // Errors that are wrapped on the way, and told to a peer, are seen here.
  ShimError.from = (thrown, kind) => {
    const mistake = mistakeIn(thrown);
    if (mistake !== undefined) mistakes.push(mistake);
    return from.call(ShimError, thrown, kind);
  };
  let outcome: Outcome;
  try {
    const result = target.run(input);
    outcome = typeof result === "string" ? result : await result;
  } catch (error) {
    if (!(error instanceof ShimError)) throw error;
    const mistake = mistakeIn(error);
    if (mistake !== undefined) throw mistake;
    outcome = error.kind;
  } finally {
    ShimError.from = from;
  }
  if (mistakes[0] !== undefined) throw mistakes[0];
  return outcome;
}

export interface Hearers {
  readonly watchdog?: Watchdog;
  /** At once: a long run may have an end that nobody waits for. */
  readonly found?: (finding: Finding) => void;
}

export async function fuzz(target: Target, run: Run, hearers: Hearers = {}): Promise<Report> {
  const corpus = corpusOf(target.name)
    .map(({ bytes }) => bytes)
    .filter(({ length }) => length <= LONGEST_BASE);
  const outcomes: Record<string, number> = {};
  const findings = new Map<string, Finding>();
  let index = run.from;
  let input: Uint8Array = new Uint8Array();
  const found = (error: unknown): void => {
    const place = placeOf(error);
    if (findings.has(place)) return;
    findings.set(place, { index, input, error });
    hearers.found?.({ index, input, error });
  };
  process.on("unhandledRejection", found);
  process.on("uncaughtException", found);
  const began = performance.now();
  let longestMs = 0;
  let baseline = 0;
  let highest = 0;
  try {
    for (; index - run.from < run.inputs && findings.size < MOST_FINDINGS; index += 1) {
      input = inputOf(target, corpus, run.seed, index);
      const start = performance.now();
      if (start - began > run.seconds * 1000) break;
      hearers.watchdog?.at(index);
      try {
        const outcome = await feed(target, input);
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      } catch (error) {
        outcomes.FOUND = (outcomes.FOUND ?? 0) + 1;
        found(error);
      }
      const ms = performance.now() - start;
      if (ms > longestMs) longestMs = ms;
      if (ms > LONGEST_MS) found(new Error(`one input took ${Math.round(ms)} ms`));
      if ((index - run.from) % REST_EVERY === REST_EVERY - 1) {
        await target.rest?.();
        highest = peakRss();
        if (index - run.from < WARM_UP) baseline = highest;
        if (highest > MEMORY_LIMIT || highest - baseline > GROWTH_LIMIT) {
          found(new Error(`memory has grown from ${baseline} to ${highest} bytes`));
        }
      }
    }
    await target.rest?.();
    // What was left unhandled is told in a task of its own.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off("unhandledRejection", found);
    process.off("uncaughtException", found);
  }
  return {
    inputs: index - run.from,
    seconds: (performance.now() - began) / 1000,
    outcomes,
    longestMs,
    growthBytes: highest - baseline,
    findings: [...findings.values()],
  };
}

/** Bytes; what was there for a moment counts too. */
function peakRss(): number {
  return process.resourceUsage().maxRSS * 1024;
}

/** Where in the product, or else what: one finding of each is enough. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const frame = /\/((?:src|cmd)\/[^\s)]+:\d+)/.exec(error.stack ?? "")?.[1];
  return `${error.name} ${frame ?? error.message}`;
}
