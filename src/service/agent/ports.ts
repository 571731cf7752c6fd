import type { Envelope } from "../../generated/containerd/types.ts";

/** What the agent's services ask of the guest. `src/gcs/agent` has it; errors are ShimErrors. */
export interface AgentGuest {
  /** The program's version, and the text of /proc/version. */
  info(): { version: string; kernelVersion: string };
  readonly mounts: AgentMounts;
  readonly bundles: AgentBundles;
  readonly events: AgentEvents;
  readonly forwards: AgentForwards;
  readonly streams: AgentStreams;
  readonly machine: AgentMachine;
}

export interface AgentMounts {
  mountAll(mounts: readonly { type: string; source: string; target: string; options: readonly string[] }[]): void;
  unmount(target: string): void;
  unmountAll(): void;
}

export interface AgentBundles {
  /** The bundle's path in the guest. */
  create(id: string, files: ReadonlyMap<string, Uint8Array>): string;
}

export interface AgentEvents {
  subscribe(options: { signal: AbortSignal }): AsyncIterable<Envelope>;
}

export interface AgentForwards {
  bind(sockets: readonly { forwardId: string; socketPath: string }[]): Promise<void>;
  /** `ask` sends a request to the host. Throws already-exists while another host is attached. */
  attach(ask: (request: { streamId: string; forwardId: string }) => Promise<void>): {
    answer(streamId: string, error: string): void;
    leave(): void;
  };
}

export interface AgentStreams {
  /** Answers how many bytes. */
  echo(streamId: string): Promise<bigint>;
  /** Resolves when the two are connected. */
  connect(streamId: string, socketPath: string): Promise<void>;
}

export interface AgentMachine {
  /** Answers the exit status. */
  run(
    command: { args: readonly string[]; stdin: string; stdout: string; stderr: string },
    options: { signal: AbortSignal },
  ): Promise<number>;
  /** It begins once the answer has left. */
  powerOff(): void;
}
