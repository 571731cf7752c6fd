import type { Session } from "./session.ts";

const TICK_MS = 500;

/** Does a long step. A terminal is told how long it has lasted, on a line that goes again; anything else is told nothing. */
export async function withProgress<T>(session: Session, what: string, work: Promise<T>): Promise<T> {
  if (!session.progress) return work;
  const since = performance.now();
  const show = (): void => session.err(`\r${what} (${Math.floor((performance.now() - since) / 1000)} s)\u001b[K`);
  show();
  const timer = setInterval(show, TICK_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    session.err("\r\u001b[K");
  }
}
