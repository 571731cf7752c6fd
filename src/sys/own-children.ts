/**
 * The children that the runtime itself started and reaps: `spawn` of bun.ts and
 * node.ts puts them in and takes them out, the Reaper leaves them alone.
 */
export interface OwnChildren {
  readonly exits: ReadonlyMap<number, Promise<unknown>>;
  add(pid: number, exited: Promise<unknown>): void;
}

const exits = new Map<number, Promise<unknown>>();

export const ownChildren: OwnChildren = {
  exits,
  add(pid, exited) {
    exits.set(pid, exited);
    void exited.then(() => {
      // The pid may belong to a newer child already.
      if (exits.get(pid) === exited) exits.delete(pid);
    });
  },
};
