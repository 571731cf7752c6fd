import { ShimError } from "../../../errors/shim-error.ts";
import type {
  CapabilitiesVMResponse,
  CreateVMRequest,
  PcieDeviceKind,
  PropertiesVMResponse,
  SCSIDisk,
} from "../../../generated/vmservice.ts";
import { ModifyType, PropertiesVMRequestPropertiesType, VM } from "../../../generated/vmservice.ts";
import type { Client } from "../../../ttrpc/client.ts";
import type { ServiceClient } from "../../../ttrpc/service.ts";
import type { CallOptions } from "../../lifetime.ts";
import { serviceError } from "./service-error.ts";

/** Ms. The service does one call after the other: any may have to wait for a slow CreateVM. */
const CALL_MS = 60_000;

const STATISTICS = [PropertiesVMRequestPropertiesType.Memory, PropertiesVMRequestPropertiesType.Processor];

/**
 * The VM of one service: its calls, each with a bound of its own, their errors as ours. A call whose signal aborts is left
 * alone: ttrpc has no word for that.
 */
export class VmService {
  readonly #vm: ServiceClient<typeof VM>;
  readonly #client: Client;
  readonly #id: string;
  #halted: Promise<void> | undefined;

  constructor(client: Client, id: string) {
    this.#client = client;
    this.#vm = client.service(VM);
    this.#id = id;
  }

  create(request: CreateVMRequest, options?: CallOptions): Promise<void> {
    return this.#done("create it", this.#vm.createVM(request, this.#bounded(options)));
  }
  teardown(options?: CallOptions): Promise<void> {
    return this.#done("tear it down", this.#vm.teardownVM({}, this.#bounded(options)));
  }
  pause(options?: CallOptions): Promise<void> {
    return this.#done("pause it", this.#vm.pauseVM({}, this.#bounded(options)));
  }
  resume(options?: CallOptions): Promise<void> {
    return this.#done("resume it", this.#vm.resumeVM({}, this.#bounded(options)));
  }
  quit(options?: CallOptions): Promise<void> {
    return this.#done("quit", this.#vm.quit({}, this.#bounded(options)));
  }

  capabilities(options?: CallOptions): Promise<CapabilitiesVMResponse> {
    return this.#call("tell its capabilities", this.#vm.capabilitiesVM({}, this.#bounded(options)));
  }
  properties(options?: CallOptions): Promise<PropertiesVMResponse> {
    return this.#call("tell its properties", this.#vm.propertiesVM({ types: STATISTICS }, this.#bounded(options)));
  }

  modifyDisk(type: "add" | "remove", scsiDisk: SCSIDisk, options?: CallOptions): Promise<void> {
    const request = { type: type === "add" ? ModifyType.ADD : ModifyType.REMOVE, scsiDisk };
    return this.#done(`${type} disk ${scsiDisk.lun}`, this.#vm.modifyResource(request, this.#bounded(options)));
  }
  addPcieDevice(portName: string, device: PcieDeviceKind, options?: CallOptions): Promise<void> {
    return this.#done("add a device", this.#vm.addPcieDevice({ portName, device }, this.#bounded(options)));
  }
  removePcieDevice(portName: string, options?: CallOptions): Promise<void> {
    return this.#done("remove a device", this.#vm.removePcieDevice({ portName }, this.#bounded(options)));
  }

  /**
   * Resolves when the guest has halted; rejects when the VM was torn down or its service is gone. One call for all who ask,
   * and without a deadline: the service takes one waiter, and answers it as late as the VM ends.
   */
  halted(): Promise<void> {
    this.#halted ??= this.#done("wait for its end", this.#vm.waitVM({}));
    return this.#halted;
  }

  get isOpen(): boolean {
    return this.#client.isOpen;
  }

  close(): void {
    this.#client.close();
  }

  #bounded(options: CallOptions | undefined): { signal: AbortSignal } {
    const limit = AbortSignal.timeout(CALL_MS);
    return { signal: options?.signal === undefined ? limit : AbortSignal.any([options.signal, limit]) };
  }

  async #done(verb: string, call: Promise<unknown>): Promise<void> {
    await this.#call(verb, call);
  }

  async #call<T>(verb: string, call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      const { kind } = ShimError.from(error);
      // The caller's own doing.
      if (kind === "canceled") throw error;
      throw serviceError(error, this.#id, verb);
    }
  }
}
