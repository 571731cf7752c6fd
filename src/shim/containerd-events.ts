import { dialled } from "#os/src/shim/address.ts";
import { runtime } from "#runtime";
import { failpoint } from "../failpoint/failpoint.ts";
import { Events, type ForwardRequest } from "../generated/containerd/services/events/ttrpc/v1.ts";
import { Client } from "../ttrpc/client.ts";
import { Metadata } from "../ttrpc/metadata.ts";
import type { Forwarder } from "./publisher.ts";

/**
 * containerd's Events service at TTRPC_ADDRESS (reference: containerd-shim, 1.16). The connection is made when the first
 * event goes out, and anew after it was lost; whether to try again is the publisher's business.
 */
export class ContainerdEvents implements Forwarder {
  readonly #address: string;
  readonly #metadata: Metadata;
  #client: Client | undefined;
  #closed = false;

  constructor(address: string, namespace: string) {
    this.#address = dialled(address);
    this.#metadata = new Metadata({ "containerd-namespace-ttrpc": namespace });
  }

  async forward(request: ForwardRequest, { signal }: { signal: AbortSignal }): Promise<void> {
    if (globalThis.UVM_SHIM_FAILPOINTS) await failpoint("publisher.forward");
    const client = await this.#connect(signal);
    await client.service(Events).forward(request, { metadata: this.#metadata, signal });
  }

  close(): void {
    this.#closed = true;
    this.#client?.close();
  }

  async #connect(signal: AbortSignal): Promise<Client> {
    if (this.#client?.isOpen === true) return this.#client;
    const stream = await runtime.connect(this.#address, { signal });
    const client = new Client(stream);
    if (this.#closed) client.close();
    this.#client = client;
    return client;
  }
}
