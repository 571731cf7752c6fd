import { alreadyExists, invalidArgument, notFound, ShimError, unimplemented } from "../../errors/shim-error.ts";
import { NULL_ID } from "../../prot/protocol.ts";
import { archive } from "../../prot/resources/archive.ts";
import { containerConstraints, freezer } from "../../prot/resources/container.ts";
import { ResourceType } from "../../prot/resources/resource-type.ts";
import type {
  ContainerExit,
  ContainerSettings,
  ExecSettings,
  ExternalSettings,
  GcsHost,
  ModifyRequest,
  StdioPorts,
} from "../host.ts";
import { Container } from "./container.ts";
import { ExternalProcesses } from "./external-processes.ts";
import type { GuestSettings, RuntimePorts } from "./ports.ts";

/** runc's own rule for ids, which also keeps them usable as file names. */
const CONTAINER_ID = /^[\w+.-]{1,255}$/;
/** A guest that shuts down gracefully gives its containers this long. */
const SHUTDOWN_MS = 10_000;

/** The guest behind the bridge: the table of its containers, and what concerns the guest as a whole. */
export class GuestHost implements GcsHost {
  readonly #ports: RuntimePorts;
  readonly #settings: GuestSettings;
  readonly #containers = new Map<string, Container>();
  readonly #external: ExternalProcesses;
  readonly #creations = new Set<Promise<void>>();
  #onExit: (exit: ContainerExit) => void = () => {};
  #onOutOfMemory: (containerId: string) => void = () => {};

  constructor(ports: RuntimePorts, settings: GuestSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#external = new ExternalProcesses(ports);
  }

  async createContainer(id: string, settings: ContainerSettings): Promise<{ initPid: number }> {
    if (!CONTAINER_ID.test(id) || id === "." || id === "..") {
      throw invalidArgument(`container id ${JSON.stringify(id)} is not made of letters, digits and _ + . -`);
    }
    if (this.#containers.has(id)) throw alreadyExists(`container "${id}" exists; cannot create it`);
    const container = new Container(id, this.#ports, {
      exited: (exit) => this.#onExit(exit),
      outOfMemory: () => this.#onOutOfMemory(id),
    });
    this.#containers.set(id, container);
    const creation = this.#create(container, settings);
    this.#creations.add(creation);
    try {
      await creation;
    } catch (error) {
      this.#containers.delete(id);
      throw ShimError.from(error, "internal");
    } finally {
      this.#creations.delete(creation);
    }
    return { initPid: container.initPid };
  }

  /** No container is half made, at that moment: it is there, or it has been taken back. */
  async created(): Promise<void> {
    await Promise.allSettled(this.#creations);
  }

  async #create(container: Container, settings: ContainerSettings): Promise<void> {
    await container.create((await this.#settings.preparePod?.(container.id, settings)) ?? settings);
  }

  startInit(id: string, stdio: StdioPorts): Promise<{ pid: number }> {
    return this.#on(id, (container) => container.start(stdio));
  }

  execInContainer(id: string, process: ExecSettings, stdio: StdioPorts): Promise<{ pid: number }> {
    return this.#on(id, (container) => container.exec(process, stdio));
  }

  execExternal(process: ExternalSettings, stdio: StdioPorts): Promise<{ pid: number }> {
    return plain(() => this.#external.start(process, stdio));
  }

  waitForProcess(id: string, pid: number, timeoutMs: number): Promise<number> {
    if (id === NULL_ID) return plain(() => this.#external.get(pid).wait(timeoutMs));
    return this.#on(id, (container) => container.wait(pid, timeoutMs));
  }

  heldBackMs(id: string, pid: number): number {
    const process = id === NULL_ID ? this.#external.find(pid) : this.#containers.get(id)?.find(pid);
    return process?.heldBackMs ?? 0;
  }

  signalProcess(id: string, pid: number, options: { signal?: number; all?: boolean }): Promise<void> {
    if (id === NULL_ID) return plain(() => this.#external.get(pid).signal(options.signal));
    return this.#on(id, (container) => container.signal(pid, options));
  }

  resizeConsole(id: string, pid: number, columns: number, rows: number): Promise<void> {
    if (id === NULL_ID) return plain(() => this.#external.get(pid).resize(columns, rows));
    return this.#on(id, (container) => container.resize(pid, columns, rows));
  }

  shutdownContainer(id: string, mode: "graceful" | "forced"): Promise<void> {
    return this.#on(id, (container) => container.shutdown(mode));
  }

  /** Ends every container, then the guest; graceful ones are given SHUTDOWN_MS before they are forced. */
  async shutdownGuest(mode: "graceful" | "forced"): Promise<void> {
    const all = [...this.#containers.values()];
    if (mode === "graceful") await Promise.all(all.map((container) => container.end("graceful", SHUTDOWN_MS)));
    await Promise.all(all.map((container) => container.end("forced", SHUTDOWN_MS)));
    this.#external.kill();
    await plain(() => this.#settings.releasePod?.());
    this.#settings.powerOff();
  }

  processList(id: string): Promise<readonly number[]> {
    return this.#on(id, (container) => container.processList());
  }

  /** Neither shape once the container has stopped. */
  statistics(id: string): Promise<{ v1?: object; v2?: object }> {
    return this.#on(id, (container) => container.statistics());
  }

  async modifyGuest(request: ModifyRequest): Promise<void> {
    const handler = this.#settings.resources[request.resourceType];
    if (handler === undefined) {
      const known = Object.values<string>(ResourceType).includes(request.resourceType);
      if (known) throw unimplemented(`the ResourceType "${request.resourceType}" is not supported by this guest`);
      throw invalidArgument(`invalid ResourceType '${request.resourceType}'`);
    }
    const method = handler[request.requestType];
    if (method === undefined) {
      throw unimplemented(`the RequestType "${request.requestType}" is not supported for ${request.resourceType}`);
    }
    await plain(() => method(request.settings));
  }

  modifyContainer(id: string, request: ModifyRequest): Promise<void> {
    return this.#on(id, async (container) => {
      switch (request.resourceType) {
        case ResourceType.containerConstraints: {
          const { linux } = containerConstraints.decode(request.settings, "ContainerConstraints");
          if (linux === undefined)
            throw invalidArgument(`container "${id}": ContainerConstraints has no Linux resources`);
          return container.update(linux);
        }
        case ResourceType.freezer: {
          const { state } = freezer.decode(request.settings, "Freezer");
          return state === "Frozen" ? container.pause() : container.resume();
        }
        case ResourceType.archive:
          return container.copyFiles(archive.decode(request.settings, "Archive"));
        default:
          throw invalidArgument(`the ResourceType "${request.resourceType}" is not supported for containers`);
      }
    });
  }

  /** A refused or failed one leaves the container known, so that it can be ended and deleted later. */
  deleteContainerState(id: string): Promise<void> {
    return this.#on(id, async (container) => {
      await container.delete();
      if (this.#containers.get(id) === container) this.#containers.delete(id);
    });
  }

  /** Our own stack, then a line for each container and each of its processes. */
  async dumpStacks(): Promise<string> {
    const stack = new Error("stack of the guest compute service").stack ?? "";
    const containers = [...this.#containers.values()].flatMap((container) => container.describe());
    return [stack, ...containers, "external processes", ...this.#external.describe(), ""].join("\n");
  }

  onContainerExit(listener: (exit: ContainerExit) => void): void {
    this.#onExit = listener;
  }

  onOutOfMemory(listener: (containerId: string) => void): void {
    this.#onOutOfMemory = listener;
  }

  #on<T>(id: string, action: (container: Container) => T | Promise<T>): Promise<T> {
    return plain(() => {
      const container = this.#containers.get(id);
      if (container === undefined) throw notFound(`container "${id}" does not exist in this guest`);
      return action(container);
    });
  }
}

/** Whatever is thrown leaves as a ShimError. */
async function plain<T>(action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw ShimError.from(error, "internal");
  }
}
