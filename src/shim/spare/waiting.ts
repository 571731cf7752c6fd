import { constants, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withDirectoryLock } from "../../sys/directory-lock.ts";
import { close, mkfifo, open, read } from "../../sys/libc.ts";
import { startTime } from "../../sys/process.ts";
import { whenReady } from "../../sys/signal-poller.ts";
import { claim, listSpares, makePool, nameOf, poolOf, removeSpare, SPARES } from "./pool.ts";

/** How long something may have changed before a spare knows. */
const LOOK_MS = 5000;

/** JSON-serialisable: whoever starts a spare hands it over. */
export interface SpareOptions {
  /** containerd's. */
  readonly address: string;
  /** How many may wait for this containerd. */
  readonly count: number;
  readonly idleSeconds: number;
  /** What it was started by; the spare ends when one of them is changed or gone. */
  readonly files: readonly string[];
  /** Whose code is loaded ahead. */
  readonly stack: string;
}

export interface Request {
  readonly launcherPid: number;
  readonly containerdPid: number;
  /** Still the spare's own, as FIFO and as name. */
  readonly directory: string;
  /** An fd that holds the FIFO `answer`, of which whoever gets this is the owner. */
  readonly answer: number;
}

/**
 * Makes this process one that a launcher may claim, and waits for that. Undefined where it is not needed any more: enough
 * others wait, its time is over, it was told to end, or what it was started by has changed.
 */
export async function waitForRequest(
  options: SpareOptions,
  { root = SPARES, lookMs = LOOK_MS }: { root?: string; lookMs?: number } = {},
): Promise<Request | undefined> {
  const isUnchanged = unchanged(options.files);
  const place = await register(options, root);
  if (place === undefined) return undefined;
  const { directory, request, answer } = place;
  const over = new AbortController();
  const end = () => over.abort();
  const until = performance.now() + options.idleSeconds * 1000;
  let claimedSince: number | undefined;
  const look = () => {
    const now = performance.now();
    if (!existsSync(directory)) return end();
    if (now < until && isUnchanged()) return;
    claimedSince ??= now;
    // One that has claimed is heard, unless it was killed before it could ask.
    if (claim(directory) || now - claimedSince >= lookMs) end();
  };
  const timer = setInterval(look, Math.min(lookMs, options.idleSeconds * 1000));
  process.on("SIGTERM", end);
  const text = new Uint8Array(64);
  let length: number | undefined;
  try {
    await whenReady(request, "readable", { signal: over.signal });
    length = read(request, text);
  } catch (error) {
    if (!over.signal.aborted) throw error;
  } finally {
    clearInterval(timer);
    process.off("SIGTERM", end);
    close(request);
  }
  const pids = /^(\d+) (\d+)\n$/.exec(new TextDecoder().decode(text.subarray(0, length ?? 0)));
  if (pids !== null) return { launcherPid: Number(pids[1]), containerdPid: Number(pids[2]), directory, answer };
  close(answer);
  removeSpare(directory, root);
  return undefined;
}

interface Place {
  readonly directory: string;
  readonly request: number;
  readonly answer: number;
}

/** Undefined where enough wait already. What the dead have left goes. */
async function register({ address, count }: SpareOptions, root: string): Promise<Place | undefined> {
  makePool(root);
  return await withDirectoryLock(root, async () => {
    const all = listSpares(root);
    for (const { alive, directory } of all) if (!alive) rmSync(directory, { recursive: true, force: true });
    if (all.filter(({ alive, pool }) => alive && pool === poolOf(address)).length >= count) return undefined;
    const directory = join(root, nameOf(address, process.pid));
    const unready = join(root, `.${process.pid}`);
    rmSync(unready, { recursive: true, force: true });
    // With the place, should the last that waited there have removed it just now.
    mkdirSync(unready, { recursive: true, mode: 0o700 });
    writeFileSync(join(unready, "started"), String(startTime(process.pid) ?? 0n), { mode: 0o600 });
    const [request, answer] = ["request", "answer"].map((name) => {
      mkfifo(join(unready, name), 0o600);
      // Both ways: without another end it neither blocks nor ends.
      return open(join(unready, name), constants.O_RDWR | constants.O_NONBLOCK);
    }) as [number, number];
    renameSync(unready, directory);
    return { directory, request, answer };
  });
}

/** Whether none of them was replaced, rewritten or removed since this call. */
export function unchanged(files: readonly string[]): () => boolean {
  const before = files.map(identity);
  return () => files.every((file, index) => identity(file) === before[index]);
}

function identity(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeMs}`;
}
