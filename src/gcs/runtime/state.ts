import { failedPrecondition, type ShimError } from "../../errors/shim-error.ts";

/**
 * The states of one container in the guest. The table is the code: `moves` is the
 * transition guard, `allowed` the guard of the requests, and both are what the tests
 * walk through.
 */
export type ContainerStateName =
  | "creating"
  | "created"
  | "starting"
  | "running"
  | "pausing"
  | "paused"
  | "stopped"
  | "deleting"
  | "deleted";

/** What a request asks of a container; the wording of its refusal. */
export type ContainerVerb =
  | "start"
  | "exec in"
  | "signal"
  | "signal all of"
  | "pause"
  | "resume"
  | "update"
  | "list the processes of"
  | "measure"
  | "delete";

export const moves: Readonly<Record<ContainerStateName, readonly ContainerStateName[]>> = {
  creating: ["created", "deleted"],
  created: ["starting", "stopped"],
  // Back to created: runc start failed and the init is still waiting.
  starting: ["running", "created", "stopped"],
  running: ["pausing", "stopped"],
  pausing: ["paused", "running", "stopped"],
  paused: ["pausing", "stopped"],
  stopped: ["deleting"],
  // Back to stopped: runc delete failed, the next DeleteContainerState tries again.
  deleting: ["deleted", "stopped"],
  deleted: [],
};

export const allowed: Readonly<Record<ContainerVerb, readonly ContainerStateName[]>> = {
  start: ["created"],
  "exec in": ["created", "running"],
  signal: ["created", "starting", "running", "pausing", "paused", "stopped"],
  "signal all of": ["created", "starting", "running", "pausing", "paused", "stopped"],
  pause: ["running"],
  resume: ["paused"],
  update: ["created", "running", "paused"],
  "list the processes of": ["created", "starting", "running", "pausing", "paused", "stopped"],
  measure: ["created", "starting", "running", "pausing", "paused"],
  delete: ["stopped"],
};

export class ContainerState {
  readonly #id: string;
  #name: ContainerStateName = "creating";

  constructor(id: string) {
    this.#id = id;
  }

  get name(): ContainerStateName {
    return this.#name;
  }

  is(...names: readonly ContainerStateName[]): boolean {
    return names.includes(this.#name);
  }

  /** Throws failed-precondition where the table has no such move. */
  move(to: ContainerStateName): void {
    if (!moves[this.#name].includes(to)) {
      throw failedPrecondition(`container "${this.#id}" is ${this.#name}; cannot become ${to}`);
    }
    this.#name = to;
  }

  /** Throws failed-precondition where the request does not fit the state. */
  guard(verb: ContainerVerb): void {
    if (!allowed[verb].includes(this.#name)) throw this.refusal(verb);
  }

  refusal(verb: ContainerVerb): ShimError {
    return failedPrecondition(`container "${this.#id}" is ${this.#name}; cannot ${verb} it`);
  }
}
