/** What a guest writes on its console: lines, each cut at a limit and free of control characters. */
export interface VmConsole {
  /** Resolves when it has ended: with the VM. */
  readonly ended: Promise<void>;
  /**
   * The last `count` lines (1 or more) of what is kept, the unfinished one included; of a guest that panicked those that
   * led there.
   */
  tail(count: number): readonly string[];
  /** The last `count` finished lines (1 or more), and each that is finished from now on until `stop`. */
  follow(count: number, onLine: (line: string) => void): { readonly lines: readonly string[]; stop(): void };
  /** Its bytes as they come, from now on until `stop`, for who has a terminal on it; `write` types. */
  attach?(onBytes: (chunk: Uint8Array) => void): { write(chunk: Uint8Array): void; stop(): void };
}
