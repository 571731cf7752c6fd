/** How a UVM ended. `error` is set unless it was asked to stop. */
export interface VMExit {
  readonly exitedAt: Date;
  readonly error?: Error;
  /** This host's OOM killer has killed in the cgroup that the VM's processes stand in. */
  readonly outOfMemory?: boolean;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface SaveOptions extends CallOptions {
  /** Directory that receives the saved state. */
  readonly directory: string;
}

/** Start to end of one UVM: each method is one host call, none keeps state beside the host's own. */
export interface Lifetime {
  start(options?: CallOptions): Promise<void>;
  pause(options?: CallOptions): Promise<void>;
  resume(options?: CallOptions): Promise<void>;
  /** Writes the paused UVM into the directory, for `Stack.restore`. It stays paused: `resume` and `terminate` both work. */
  save(options: SaveOptions): Promise<void>;
  /** Ends the UVM now. Succeeds on one that already ended. */
  terminate(options?: CallOptions): Promise<void>;
  /** Resolves when the UVM has ended, for any number of callers, also afterwards. */
  wait(options?: CallOptions): Promise<VMExit>;
  /** Gives the handle back. Idempotent; the UVM is terminated if it still runs. */
  close(): Promise<void>;
}
