import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { invalidArgument } from "../../errors/shim-error.ts";
import type { ContainerSettings } from "../host.ts";
import { hostsFile, resolvConf } from "../network/resolv-conf.ts";
import { networkNamespaceId, objectMember, podRole } from "./oci-members.ts";

const HOSTNAME = /^[a-zA-Z0-9_\-.]{0,255}$/;
const FILES = ["hostname", "hosts", "resolv.conf"] as const;

export interface PodNetwork {
  dns(namespaceId: string): { searches: string[]; servers: string[]; address: string | undefined };
}

/**
 * hostname, hosts and resolv.conf for a host that leaves them to its guest, as hcsshim's does (reference: hcsshim 6.3). One
 * that brings them, as containerd's CRI does on Linux, names no DNS servers with its adapters: then nothing is
 * written, and a container without a pod has the files of its image. The sandbox's are written beside its config.json;
 * the containers of the pod get the same. What the specification mounts itself stays.
 */
export class PodFiles {
  readonly #network: PodNetwork;
  readonly #directories = new Map<string, string>();

  constructor(network: PodNetwork) {
    this.#network = network;
  }

  async prepare(id: string, settings: ContainerSettings): Promise<ContainerSettings> {
    const specification = settings.ociSpecification;
    if (podRole(specification) === "container") {
      const sandboxId = objectMember(specification, "annotations")?.["io.kubernetes.cri.sandbox-id"];
      const directory = typeof sandboxId === "string" ? this.#directories.get(sandboxId) : undefined;
      return directory === undefined ? settings : withFiles(settings, directory);
    }
    const dns = this.#network.dns(networkNamespaceId(specification) ?? "");
    if (dns.servers.length + dns.searches.length === 0) return settings;
    const hostname = specification.hostname ?? "";
    if (typeof hostname !== "string" || !HOSTNAME.test(hostname)) {
      throw invalidArgument(
        `container "${id}": hostname ${typeof hostname === "string" ? JSON.stringify(hostname) : typeof hostname} is not a host name`,
      );
    }
    const directory = settings.ociBundlePath;
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "hostname"), `${hostname}\n`);
    await writeFile(join(directory, "hosts"), hostsFile(hostname, dns.address));
    await writeFile(join(directory, "resolv.conf"), resolvConf(dns));
    this.#directories.set(id, directory);
    return withFiles(settings, directory);
  }
}

function withFiles(settings: ContainerSettings, directory: string): ContainerSettings {
  const given = settings.ociSpecification.mounts ?? [];
  if (!Array.isArray(given)) throw invalidArgument("OCI specification: mounts is not a list");
  const taken = new Set(given.map((mount: unknown) => (mount as { destination?: unknown } | null)?.destination));
  const root = objectMember(settings.ociSpecification, "root");
  const mode = root?.readonly === true ? "ro" : "rw";
  const added = FILES.filter((file) => !taken.has(`/etc/${file}`)).map((file) => ({
    destination: `/etc/${file}`,
    type: "bind",
    source: join(directory, file),
    options: ["rbind", "rprivate", mode],
  }));
  return { ...settings, ociSpecification: { ...settings.ociSpecification, mounts: [...given, ...added] } };
}
