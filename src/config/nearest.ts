/** More than this is no slip of the keyboard, however long the name. */
const MOST = 6;

/**
 * The known name that `name` was most likely meant to be, by edit distance (insertions, deletions, exchanges, two letters
 * swapped); undefined where none is near. Case, "-" and "_" count for nothing, nor does a table that was left out.
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name);
  let [best, least]: [string | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
  for (const candidate of known) {
    const whole = plain(candidate);
    const tail = whole.slice(whole.lastIndexOf(".") + 1);
    const way = Math.min(
      distance(wanted, whole),
      wanted.includes(".") ? Number.POSITIVE_INFINITY : distance(wanted, tail) + 0.5,
    );
    if (way < least) [best, least] = [candidate, way];
  }
  return least <= Math.min(MOST, Math.max(1.5, wanted.length / 3)) ? best : undefined;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, "");
}

/** Of Damerau and Levenshtein, in its short form: no letter is moved twice. Long names are cut: they are no slips. */
function distance(from: string, to: string): number {
  const [a, b] = [from.slice(0, 200), to.slice(0, 200)];
  let [older, old]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let way = Math.min((old[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (old[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        way = Math.min(way, (older[j - 2] ?? 0) + 1);
      row.push(way);
    }
    [older, old] = [old, row];
  }
  return old[b.length] ?? 0;
}
