import { alreadyExists, unimplemented } from "../../errors/shim-error.ts";
import { type NetworkAdapter, parseAdapter } from "./adapter.ts";
import { configureCommands } from "./ip-commands.ts";
import { linkMtu } from "./links.ts";
import type { LinkResolver, RunProgram } from "./ports.ts";

interface Namespace {
  readonly adapters: Map<string, NetworkAdapter>;
  /** The process whose network namespace the adapters live in, once there is one. */
  pid: number | undefined;
}

/**
 * The network namespaces that the host names: adapters are remembered as they are
 * added, and moved into the first container's network namespace when it has been
 * created (reference: hcsshim 6.3).
 */
export class GuestNetwork {
  readonly #namespaces = new Map<string, Namespace>();
  readonly #findLink: LinkResolver;
  readonly #run: RunProgram;

  constructor(findLink: LinkResolver, run: RunProgram) {
    this.#findLink = findLink;
    this.#run = run;
  }

  has(namespaceId: string): boolean {
    return this.#namespaces.has(namespaceId.toLowerCase());
  }

  /** Resource "Network" Add. */
  async add(value: unknown): Promise<void> {
    const adapter = parseAdapter(value);
    if (adapter.addresses.length === 0) {
      throw unimplemented(
        `network adapter "${adapter.id}" has no IPConfigs; DHCP is not supported by this guest: give it addresses`,
      );
    }
    const namespace = this.#namespaces.get(adapter.namespaceId) ?? { adapters: new Map(), pid: undefined };
    if (namespace.adapters.has(adapter.id)) {
      throw alreadyExists(
        `network adapter "${adapter.id}" is in namespace "${adapter.namespaceId}" already; cannot add it`,
      );
    }
    namespace.adapters.set(adapter.id, adapter);
    this.#namespaces.set(adapter.namespaceId, namespace);
    try {
      if (namespace.pid !== undefined) await this.#configure(adapter, namespace.pid);
    } catch (error) {
      this.#forget(adapter.namespaceId, adapter.id);
      throw error;
    }
  }

  /** Resource "Network" Remove; an unknown adapter counts as removed. A link in a namespace ends with it or is unplugged. */
  remove(value: unknown): void {
    const adapter = parseAdapter(value);
    this.#forget(adapter.namespaceId, adapter.id);
  }

  /** A container of the namespace exists: its adapters move in. Only the first container of a pod brings its pid. */
  async assign(namespaceId: string, pid: number): Promise<void> {
    const namespace = this.#namespaces.get(namespaceId.toLowerCase());
    if (namespace === undefined || namespace.pid !== undefined) return;
    namespace.pid = pid;
    try {
      for (const adapter of namespace.adapters.values()) await this.#configure(adapter, pid);
    } catch (error) {
      namespace.pid = undefined;
      throw error;
    }
  }

  /** The process is gone, and its network namespace with it. */
  release(pid: number): void {
    for (const namespace of this.#namespaces.values()) {
      if (namespace.pid === pid) namespace.pid = undefined;
    }
  }

  /** For resolv.conf and hosts. */
  dns(namespaceId: string): { searches: string[]; servers: string[]; address: string | undefined } {
    const adapters = [...(this.#namespaces.get(namespaceId.toLowerCase())?.adapters.values() ?? [])];
    return {
      searches: adapters.flatMap((adapter) => adapter.dnsSearches),
      servers: adapters.flatMap((adapter) => adapter.dnsServers),
      address: adapters.flatMap((adapter) => adapter.addresses).at(0)?.address,
    };
  }

  async #configure(adapter: NetworkAdapter, pid: number): Promise<void> {
    const link = await this.#findLink(adapter);
    const mtu = linkMtu(link);
    await this.#run(["ip", "link", "set", "dev", link, "netns", String(pid)]);
    for (const command of configureCommands(adapter, link, mtu)) {
      await this.#run(["nsenter", `--net=/proc/${pid}/ns/net`, "ip", ...command]);
    }
  }

  #forget(namespaceId: string, adapterId: string): void {
    const namespace = this.#namespaces.get(namespaceId);
    namespace?.adapters.delete(adapterId);
    if (namespace?.adapters.size === 0 && namespace.pid === undefined) this.#namespaces.delete(namespaceId);
  }
}
