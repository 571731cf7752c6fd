import type { ContainerExit, GcsHost } from "../../src/gcs/host.ts";

export type HostCall = { readonly method: string; readonly args: readonly unknown[] };

type Subscription = "onContainerExit" | "onOutOfMemory";

/**
 * A GcsHost for tests: it records every call and answers from a script. A method without a script answers what an empty
 * guest would.
 */
export class ScriptedGcsHost implements GcsHost {
  readonly calls: HostCall[] = [];
  script: Partial<{ [K in Exclude<keyof GcsHost, Subscription>]: GcsHost[K] }> = {};
  #listener: ((exit: ContainerExit) => void) | undefined;
  #outOfMemory: ((containerId: string) => void) | undefined;

  exit(containerId: string, type: ContainerExit["type"] = "UnexpectedExit"): void {
    this.#listener?.({ containerId, type });
  }

  outOfMemory(containerId: string): void {
    this.#outOfMemory?.(containerId);
  }

  called(method: keyof GcsHost): readonly (readonly unknown[])[] {
    return this.calls.filter((call) => call.method === method).map((call) => call.args);
  }

  onContainerExit(listener: (exit: ContainerExit) => void): void {
    this.#listener = listener;
  }

  onOutOfMemory(listener: (containerId: string) => void): void {
    this.#outOfMemory = listener;
  }

  createContainer = this.#method("createContainer", async () => ({ initPid: 100 }));
  startInit = this.#method("startInit", async () => ({ pid: 100 }));
  execInContainer = this.#method("execInContainer", async () => ({ pid: 101 }));
  execExternal = this.#method("execExternal", async () => ({ pid: 102 }));
  waitForProcess = this.#method("waitForProcess", async () => 0);
  heldBackMs = (): number => 0;
  signalProcess = this.#method("signalProcess", async () => undefined);
  resizeConsole = this.#method("resizeConsole", async () => undefined);
  shutdownContainer = this.#method("shutdownContainer", async () => undefined);
  shutdownGuest = this.#method("shutdownGuest", async () => undefined);
  processList = this.#method("processList", async () => [100]);
  statistics = this.#method("statistics", async () => ({}));
  modifyGuest = this.#method("modifyGuest", async () => undefined);
  modifyContainer = this.#method("modifyContainer", async () => undefined);
  deleteContainerState = this.#method("deleteContainerState", async () => undefined);
  dumpStacks = this.#method("dumpStacks", async () => "stacks");

  #method<K extends Exclude<keyof GcsHost, Subscription>>(method: K, fallback: GcsHost[K]): GcsHost[K] {
    const run = (...args: unknown[]): unknown => {
      this.calls.push({ method, args });
      const scripted = this.script[method] ?? fallback;
      return (scripted as (...args: unknown[]) => unknown)(...args);
    };
    return run as GcsHost[K];
  }
}
