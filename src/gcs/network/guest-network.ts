import { join } from "node:path";
import { sha256Hex } from "#sha256";
import { alreadyExists, unimplemented } from "../../errors/shim-error.ts";
import { type NetworkAdapter, parseAdapter } from "./adapter.ts";
import { configureCommands } from "./ip-commands.ts";
import { linkMtu } from "./links.ts";
import type { LinkResolver, RunProgram } from "./ports.ts";

/** Where iproute2 keeps its namespaces. */
const DIRECTORY = "/run/netns";

interface Attached {
  readonly adapter: NetworkAdapter;
  /** In the root namespace, and in its own. */
  readonly link: string;
  readonly name: string;
}

interface Namespace {
  readonly name: string;
  readonly adapters: Map<string, Attached>;
  /** Containers that were told its path. */
  readonly users: Set<string>;
  /** The kernel has it. */
  pinned: boolean;
  /** What was asked of it before is done, for good or bad. */
  idle: Promise<unknown>;
}

/**
 * The network namespaces that the host names: one of the kernel's for each, pinned with the first adapter or the first
 * container, whichever comes first; gone with the last of both. An adapter is set up in it at once; containers join it by
 * path (reference: hcsshim 6.3).
 */
export class GuestNetwork {
  readonly #namespaces = new Map<string, Namespace>();
  readonly #findLink: LinkResolver;
  readonly #run: RunProgram;

  constructor(findLink: LinkResolver, run: RunProgram) {
    this.#findLink = findLink;
    this.#run = run;
  }

  /** Resource "Network" Add. */
  add(value: unknown): Promise<void> {
    const adapter = parseAdapter(value);
    if (adapter.addresses.length === 0) {
      throw unimplemented(
        `network adapter "${adapter.id}" has no IPConfigs; DHCP is not supported by this guest: give it addresses`,
      );
    }
    return this.#on(adapter.namespaceId, async (namespace) => {
      if (namespace.adapters.has(adapter.id)) {
        throw alreadyExists(
          `network adapter "${adapter.id}" is in namespace "${adapter.namespaceId}" already; cannot add it`,
        );
      }
      const link = await this.#findLink(adapter);
      const name = adapter.interfaceName === "" ? freeName(namespace) : adapter.interfaceName;
      const mtu = linkMtu(link);
      await this.#pin(namespace, [`link set dev ${link} netns ${namespace.name} name ${name}`]);
      namespace.adapters.set(adapter.id, { adapter, link, name });
      try {
        // lo too: this may be the namespace's first.
        await this.#batch(["ip", "-n", namespace.name], [LOOPBACK_UP, ...configureCommands(adapter, name, mtu)]);
      } catch (error) {
        await this.#detach(namespace, adapter.id);
        throw error;
      }
    });
  }

  /** Resource "Network" Remove; an unknown adapter counts as removed. */
  remove(value: unknown): Promise<void> {
    const { namespaceId, id } = parseAdapter(value);
    return this.#on(namespaceId, (namespace) => this.#detach(namespace, id));
  }

  /** The path by which the container joins the namespace; adapters may come later. */
  async join(namespaceId: string, containerId: string): Promise<string> {
    let path = "";
    await this.#on(namespaceId.toLowerCase(), async (namespace) => {
      path = pathOf(namespace);
      if (!namespace.pinned) {
        await this.#pin(namespace, []);
        await this.#batch(["ip", "-n", namespace.name], [LOOPBACK_UP]);
      }
      namespace.users.add(containerId);
    });
    return path;
  }

  /** The container is gone, or has not come. */
  async leave(namespaceId: string, containerId: string): Promise<void> {
    if (!this.#namespaces.has(namespaceId.toLowerCase())) return;
    await this.#on(namespaceId.toLowerCase(), async (namespace) => void namespace.users.delete(containerId));
  }

  /** For resolv.conf and hosts. */
  dns(namespaceId: string): { searches: string[]; servers: string[]; address: string | undefined } {
    const attached = [...(this.#namespaces.get(namespaceId.toLowerCase())?.adapters.values() ?? [])];
    const adapters = attached.map(({ adapter }) => adapter);
    return {
      searches: adapters.flatMap((adapter) => adapter.dnsSearches),
      servers: adapters.flatMap((adapter) => adapter.dnsServers),
      address: adapters.flatMap((adapter) => adapter.addresses).at(0)?.address,
    };
  }

  /** One after the other for one namespace. One that nothing is in any more goes. */
  async #on(id: string, action: (namespace: Namespace) => Promise<void>): Promise<void> {
    const namespace = this.#namespaces.get(id) ?? {
      name: namespaceName(id),
      adapters: new Map(),
      users: new Set(),
      pinned: false,
      idle: Promise.resolve(),
    };
    this.#namespaces.set(id, namespace);
    const done = namespace.idle.then(async () => {
      try {
        await action(namespace);
      } finally {
        if (namespace.adapters.size + namespace.users.size === 0 && namespace.pinned) {
          await this.#batch(["ip"], [`netns del ${namespace.name}`]);
          namespace.pinned = false;
        }
      }
    });
    const settled = done.catch(() => undefined);
    namespace.idle = settled;
    try {
      await done;
    } finally {
      const unused = namespace.adapters.size + namespace.users.size === 0 && namespace.idle === settled;
      if (unused) this.#namespaces.delete(id);
    }
  }

  /** Makes it where it is not there yet, and then what `lines` say. */
  async #pin(namespace: Namespace, lines: readonly string[]): Promise<void> {
    const { name, pinned } = namespace;
    try {
      await this.#batch(["ip"], pinned ? lines : [`netns add ${name}`, ...lines]);
      namespace.pinned = true;
    } catch (error) {
      // Which line failed, nobody knows.
      if (!pinned) await this.#batch(["ip"], [`netns del ${name}`]).catch(() => undefined);
      throw error;
    }
  }

  /** The link returns to the root namespace without its addresses; one that the host has unplugged is gone anyway. */
  async #detach(namespace: Namespace, adapterId: string): Promise<void> {
    const attached = namespace.adapters.get(adapterId);
    if (attached === undefined) return;
    const back = `link set dev ${attached.name} netns ${process.pid} name ${attached.link}`;
    await this.#batch(["ip", "-n", namespace.name], [back]).catch(() => undefined);
    namespace.adapters.delete(adapterId);
  }

  /** One process for all lines: under emulation starting one costs more than what it does. */
  async #batch(ip: readonly string[], lines: readonly string[]): Promise<void> {
    const v6 = lines.filter((line) => line.startsWith(V6_ONLY));
    const rest = lines.filter((line) => !line.startsWith(V6_ONLY));
    if (rest.length > 0) await this.#run([...ip, "-batch", "-"], { input: `${rest.join("\n")}\n` });
    if (v6.length === 0) return;
    const input = v6.map((line) => `${line.slice(V6_ONLY.length)}\n`).join("");
    await this.#run([...ip, "-6", "-batch", "-"], { input });
  }
}

const LOOPBACK_UP = "link set dev lo up";
/** Rules alone do not tell their family by their addresses. */
const V6_ONLY = "-6 ";

function pathOf({ name }: Namespace): string {
  return join(DIRECTORY, name);
}

/** The host's id where that can be a file's name, as a GUID can. */
function namespaceName(id: string): string {
  if (/^[a-z0-9][\w.-]{0,127}$/.test(id)) return id;
  return `ns-${sha256Hex(id).slice(0, 32)}`;
}

function freeName({ adapters }: Namespace): string {
  const taken = new Set([...adapters.values()].map(({ name }) => name));
  for (let number = 0; ; number++) if (!taken.has(`eth${number}`)) return `eth${number}`;
}
