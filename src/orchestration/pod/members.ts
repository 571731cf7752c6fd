import { notFound } from "../../errors/shim-error.ts";
import type { ContainerController } from "../container/controller.ts";
import type { HostHooks } from "../container/host-hooks.ts";
import type { ProcessExit } from "../process/state.ts";

export interface Member {
  readonly container: ContainerController;
  readonly cancel: AbortController;
  /** Settles once its create is committed or rolled back. */
  readonly created: Promise<number>;
  /** Where they are run on this host. */
  hooks?: HostHooks;
  deleting?: Promise<End>;
}

export interface End {
  readonly pid: number;
  readonly exit: ProcessExit;
}

/** The containers of one pod by their ids, from the begin of a create until it is rolled back or the container deleted. */
export class Members extends Map<string, Member> {
  containers(): ContainerController[] {
    return [...this.values()].map(({ container }) => container);
  }

  allPaused(): boolean {
    return this.size > 0 && this.containers().every(({ state }) => state === "paused");
  }

  /** Throws not-found. */
  known(id: string): Member {
    const member = this.get(id);
    if (member === undefined) throw notFound(`container ${id} does not exist: container not created`);
    return member;
  }

  /**
   * Throws not-found before its create has succeeded. nerdctl's logger asks for the task while it is created, and again
   * only after a not-found; containerd itself, coming back, takes away what it finds without pids.
   */
  created(id: string): ContainerController {
    const { container } = this.known(id);
    if (container.state === "creating") throw notFound(`container ${id} is creating: container not created`);
    return container;
  }
}
