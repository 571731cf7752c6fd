import { notFound, unavailable, unimplemented } from "../../src/errors/shim-error.ts";
import type { GuestCapabilities, GuestContainer, GuestProcess } from "../../src/guestmanager/guest.ts";
import { type Deferred, deferred } from "../../src/orchestration/deadline.ts";
import type { TaskEvent } from "../../src/orchestration/events.ts";
import type { CreateTask, ExecTask } from "../../src/orchestration/tasks.ts";
import type { Pod } from "../../src/prot/resources/pod.ts";

const allCapabilities: GuestCapabilities = {
  namespaceAddRequestSupported: true,
  signalProcessSupported: true,
  dumpStacksSupported: true,
  deleteContainerStateSupported: true,
  updateContainerSupported: false,
  logForwardingSupported: false,
  hostProcessContainerSupported: false,
  initStdioSupported: true,
  freezerSupported: true,
  signalAllSupported: true,
  cgroupV2MetricsSupported: true,
  resumeSupported: true,
  processorsSupported: true,
  outOfMemoryNotificationsSupported: true,
  podSupported: true,
};

/** What a test sees of a container in the guest. */
export interface GuestSide {
  readonly initPid: number;
  readonly init: Deferred<number>;
  /** By the order of their start. */
  readonly execs: Deferred<number>[];
  frozen: boolean;
  /** Tells the host that the OOM killer has killed in it. */
  outOfMemory?: () => void;
}

/**
 * A guest without a bridge: containers are entries, processes are deferred exit codes. Every request is logged, and
 * `faults[request]` runs in its place first: it may throw, or never settle.
 */
export class GuestStandIn {
  readonly log: string[] = [];
  readonly faults: Record<string, () => unknown> = {};
  readonly containers = new Map<string, GuestSide>();
  capabilitiesNow: GuestCapabilities = allCapabilities;
  /** False: it tells no pid before the start, like hcsshim's own guest. */
  tellsInitPid = true;
  readonly disconnected: Promise<Error | undefined>;
  readonly #gone: Deferred<Error | undefined> = deferred();
  #connected = true;
  #nextPid = 100;

  constructor() {
    this.disconnected = this.#gone.promise;
  }

  capabilities(): GuestCapabilities {
    return this.capabilitiesNow;
  }

  prepareConnection(): void {
    this.log.push("prepare");
  }

  createConnection(): Promise<void> {
    return this.request("connect");
  }

  /** Pending and later requests fail, as those of a broken bridge do. */
  closeConnection(): void {
    if (!this.#connected) return;
    this.#connected = false;
    const broken = unavailable("the bridge is closed");
    for (const side of this.containers.values()) {
      side.init.reject(broken);
      for (const exec of side.execs) exec.reject(broken);
    }
    this.#gone.resolve(undefined);
  }

  async createContainer(id: string): Promise<GuestContainer> {
    await this.request("create");
    const initPid = this.#nextPid++;
    const side: GuestSide = { initPid, init: deferred(), execs: [], frozen: false };
    this.containers.set(id, side);
    return this.#container(id, side);
  }

  openContainer(id: string): GuestContainer {
    this.log.push(`open ${id}`);
    return this.#container(id, this.side(id));
  }

  openProcess(id: string, pid: number): GuestProcess {
    const side = this.side(id);
    return this.#process(pid, pid === side.initPid ? side.init : (side.execs.at(-1) ?? deferred()));
  }

  async addPod(pod: Pod): Promise<void> {
    await this.request(`pod ${pod.id} ${pod.hostname}`.trimEnd());
  }

  async dumpStacks(): Promise<string> {
    await this.request("dump stacks");
    return "stacks of the stand-in";
  }

  async deleteContainerState(id: string): Promise<void> {
    await this.request("delete");
    if (!this.containers.delete(id)) throw notFound(`container ${id} does not exist`);
  }

  side(id: string): GuestSide {
    const side = this.containers.get(id);
    if (side === undefined) throw new Error(`the guest has no container ${id}`);
    return side;
  }

  async request(name: string): Promise<void> {
    this.log.push(name);
    await this.faults[name]?.();
    if (!this.#connected) throw unavailable("the bridge is closed");
  }

  #container(id: string, side: GuestSide): GuestContainer {
    let initGone = false;
    side.init.promise.then(
      () => {
        initGone = true;
      },
      () => {},
    );
    const signalInit = async (signal: number, all: boolean | undefined): Promise<boolean> => {
      await this.request(`signal ${signal}${all ? " all" : ""}`);
      if (all) for (const exec of side.execs) exec.resolve(128 + signal);
      if (initGone) return false;
      side.init.resolve(128 + signal);
      return true;
    };
    return {
      id,
      initPid: this.tellsInitPid ? side.initPid : 0,
      startInit: async () => {
        await this.request("start");
        return this.#process(side.initPid, side.init);
      },
      waitInit: () => side.init.promise,
      exec: async () => {
        await this.request("exec");
        const code: Deferred<number> = deferred();
        side.execs.push(code);
        return this.#process(this.#nextPid++, code);
      },
      wait: async () => {
        await side.init.promise;
      },
      archive: () => Promise.reject(unimplemented("this stand-in has no files")),
      onOutOfMemory: (listener) => {
        side.outOfMemory = listener;
      },
      processList: async () => {
        await this.request("pids");
        return [side.initPid];
      },
      statistics: async () => {
        await this.request("stats");
        return { v2: {} };
      },
      updateResources: () => this.request("update"),
      setFrozen: async (frozen) => {
        await this.request(frozen ? "freeze" : "thaw");
        side.frozen = frozen;
      },
      shutdown: () => this.request("shutdown"),
      signal: (signal, o) => signalInit(signal, o?.all),
    };
  }

  #process(pid: number, code: Deferred<number>): GuestProcess {
    let gone = false;
    code.promise.then(
      () => {
        gone = true;
      },
      () => {},
    );
    return {
      pid,
      stdin: undefined,
      stdout: undefined,
      stderr: undefined,
      ports: {},
      exitCode: code.promise,
      heldBackMs: 0,
      signal: async (signal) => {
        await this.request(`signal ${signal} to ${pid}`);
        if (gone) return false;
        code.resolve(128 + signal);
        return true;
      },
      resizeConsole: (columns, rows) => this.request(`resize ${columns}x${rows}`),
    };
  }
}

export const createRequest = (id = "c1", more: Partial<CreateTask> = {}): CreateTask => ({
  id,
  bundle: `/bundles/${id}`,
  rootfs: [{ type: "bind", source: "/src", target: "", options: [] }],
  terminal: false,
  stdin: "",
  stdout: "",
  stderr: "",
  checkpoint: "",
  ...more,
});

export const execRequest = (execId = "e1", id = "c1"): ExecTask => ({
  id,
  execId,
  terminal: false,
  stdin: "",
  stdout: "",
  stderr: "",
  process: { args: ["sh"] },
});

/** `/tasks/exit c1 137`: an event as one word for comparisons. */
export function eventLine(event: TaskEvent): string {
  const name = event.topic.slice("/tasks/".length);
  if ("exitStatus" in event) return `${name} ${event.id} ${event.exitStatus}`;
  return `${name} ${"execId" in event ? event.execId : event.containerId}`;
}
