/** setTimeout takes a signed 32-bit number of milliseconds and fires at once above it. */
const longestTimeout = 2 ** 31 - 1;

/** Calls back after `milliseconds`, however many (292 years are legal on the wire). Returns how to stop it. */
export function startTimer(milliseconds: number, callback: () => void): () => void {
  const due = performance.now() + milliseconds;
  let handle: ReturnType<typeof setTimeout>;
  const arm = (): void => {
    const left = due - performance.now();
    if (left > longestTimeout) handle = setTimeout(arm, longestTimeout);
    else handle = setTimeout(callback, Math.max(0, Math.ceil(left)));
  };
  arm();
  return () => clearTimeout(handle);
}
