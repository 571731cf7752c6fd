import { unlessAborted } from "../../../../errors/unless-aborted.ts";
import type { CallOptions } from "../../../lifetime.ts";
import type { ComputeCore, ComputeSystem } from "./compute-core.ts";
import { HcsComputeSystem } from "./hcs-compute-system.ts";
import { type ComputeCoreLibrary, type Handle, loadComputeCore, onPool } from "./library.ts";
import { checkResult, Operations } from "./operations.ts";

/** The one access that HcsOpenComputeSystem takes. */
const GENERIC_ALL = 0x1000_0000;

/** This host's HCS. On Windows alone: loads computecore.dll, or throws `unavailable`. */
export function hostComputeCore(): ComputeCore {
  host ??= new HcsComputeCore(loadComputeCore());
  return host;
}

let host: HcsComputeCore | undefined;

class HcsComputeCore implements ComputeCore {
  readonly #library: ComputeCoreLibrary;
  readonly #operations: Operations;

  constructor(library: ComputeCoreLibrary) {
    this.#library = library;
    this.#operations = new Operations(library);
  }

  async createComputeSystem(id: string, configuration: string, { signal }: CallOptions = {}): Promise<ComputeSystem> {
    signal?.throwIfAborted();
    const creation = this.#create(id, configuration);
    try {
      return await unlessAborted(creation, signal);
    } catch (error) {
      // Who gave it up does not learn of the system that comes in the end.
      creation.then((system) => system.close()).catch(() => {});
      throw error;
    }
  }

  async #create(id: string, configuration: string): Promise<ComputeSystem> {
    let system: HcsComputeSystem | undefined;
    let subscribed: Promise<void> | undefined;
    try {
      await this.#operations.run("HcsCreateComputeSystem", async (operation) => {
        const out: (Handle | null)[] = [null];
        const call = this.#library.calls.HcsCreateComputeSystem;
        const result = await onPool(call, id, configuration, operation, null, out);
        system = this.#system(id, out);
        // While it is being created: no event is missed. It must not fail here, with the operation under way.
        subscribed = system?.subscribe();
        await subscribed?.catch(() => {});
        return result;
      });
      await subscribed;
      if (system === undefined) throw new TypeError("HcsCreateComputeSystem gave no system");
      return system;
    } catch (error) {
      await system?.close();
      throw error;
    }
  }

  async openComputeSystem(id: string): Promise<ComputeSystem> {
    const out: (Handle | null)[] = [null];
    checkResult("HcsOpenComputeSystem", await onPool(this.#library.calls.HcsOpenComputeSystem, id, GENERIC_ALL, out));
    const system = this.#system(id, out);
    if (system === undefined) throw new TypeError("HcsOpenComputeSystem gave no system");
    try {
      await system.subscribe();
      return system;
    } catch (error) {
      await system.close();
      throw error;
    }
  }

  #system(id: string, [handle]: readonly (Handle | null)[]): HcsComputeSystem | undefined {
    if (handle === null || handle === undefined || handle === 0n) return undefined;
    return new HcsComputeSystem(id, handle, this.#library, this.#operations);
  }

  enumerateComputeSystems(query: string, { signal }: CallOptions = {}): Promise<string> {
    const call = this.#library.calls.HcsEnumerateComputeSystems;
    const work = this.#operations.run("HcsEnumerateComputeSystems", (op) => onPool(call, query || null, op));
    return unlessAborted(work, signal);
  }

  getServiceProperties(query: string): string {
    const out: unknown[] = [null];
    const result = this.#library.calls.HcsGetServiceProperties(query || null, out);
    const document = this.#library.takeString(out);
    checkResult("HcsGetServiceProperties", result, document);
    return document;
  }

  createEmptyRuntimeStateFile(path: string): void {
    checkResult("HcsCreateEmptyRuntimeStateFile", this.#library.calls.HcsCreateEmptyRuntimeStateFile(path));
  }
  createEmptyGuestStateFile(path: string): void {
    checkResult("HcsCreateEmptyGuestStateFile", this.#library.calls.HcsCreateEmptyGuestStateFile(path));
  }
  grantVmAccess(vmId: string, path: string): void {
    checkResult("HcsGrantVmAccess", this.#library.calls.HcsGrantVmAccess(vmId, path));
  }
  revokeVmAccess(vmId: string, path: string): void {
    checkResult("HcsRevokeVmAccess", this.#library.calls.HcsRevokeVmAccess(vmId, path));
  }
}
