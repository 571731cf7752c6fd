export type Pair<T> = Readonly<Record<"ours" | "peer", T>>;

/** The figures of `rounds` rounds, in each of which the peer and ours take turns; who begins alternates. */
export async function inTurn<T = number>(
  rounds: number,
  measure: (side: "ours" | "peer", round: number) => Promise<T>,
): Promise<Pair<T[]>> {
  const figures: Pair<T[]> = { ours: [], peer: [] };
  for (let round = 0; round < rounds; round++) {
    const sides = ["peer", "ours"] as const;
    for (const side of round % 2 === 0 ? sides : [...sides].reverse()) {
      figures[side].push(await measure(side, round));
    }
  }
  return figures;
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
