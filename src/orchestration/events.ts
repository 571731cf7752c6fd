/** A mount as containerd names it. */
export interface Mount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly options: readonly string[];
}

/**
 * What containerd is told, in this order for each process: create, start, exit,
 * delete (reference: containerd-shim, 1.16). `shim/publisher` puts it on the wire.
 */
export type TaskEvent =
  | {
      readonly topic: "/tasks/create";
      readonly containerId: string;
      readonly bundle: string;
      readonly rootfs: readonly Mount[];
      readonly io: {
        readonly stdin: string;
        readonly stdout: string;
        readonly stderr: string;
        readonly terminal: boolean;
      };
      readonly checkpoint: string;
      readonly pid: number;
    }
  | { readonly topic: "/tasks/start"; readonly containerId: string; readonly pid: number }
  | {
      readonly topic: "/tasks/exit" | "/tasks/delete";
      readonly containerId: string;
      /** The container's id for its init, else the exec id. */
      readonly id: string;
      readonly pid: number;
      readonly exitStatus: number;
      readonly exitedAt: Date;
    }
  | { readonly topic: "/tasks/exec-added"; readonly containerId: string; readonly execId: string }
  | {
      readonly topic: "/tasks/exec-started";
      readonly containerId: string;
      readonly execId: string;
      readonly pid: number;
    }
  | { readonly topic: "/tasks/checkpointed"; readonly containerId: string; readonly checkpoint: string }
  | { readonly topic: "/tasks/oom" | "/tasks/paused" | "/tasks/resumed"; readonly containerId: string };

/** Takes events in order and never blocks or throws: delivery is its own business. */
export interface EventSink {
  publish(event: TaskEvent): void;
}
