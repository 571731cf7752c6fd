import { existsSync } from "node:fs";
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

  /** Of a pod without a sandbox container: `directory` is its own, and gets them. Empty texts leave the images' own. */
  async add(podId: string, directory: string, files: Readonly<Record<(typeof FILES)[number], string>>): Promise<void> {
    checkHostname(`pod "${podId}"`, files.hostname);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const texts = { ...files, hostname: files.hostname === "" ? "" : `${files.hostname}\n` };
    for (const file of FILES) if (texts[file] !== "") await writeFile(join(directory, file), texts[file]);
    this.#directories.set(podId, directory);
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
    const hostname = checkHostname(`container "${id}"`, specification.hostname ?? "");
    const directory = settings.ociBundlePath;
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "hostname"), `${hostname}\n`);
    await writeFile(join(directory, "hosts"), hostsFile(hostname, dns.address));
    await writeFile(join(directory, "resolv.conf"), resolvConf(dns));
    this.#directories.set(id, directory);
    return withFiles(settings, directory);
  }
}

function checkHostname(subject: string, hostname: unknown): string {
  if (typeof hostname === "string" && HOSTNAME.test(hostname)) return hostname;
  throw invalidArgument(
    `${subject}: hostname ${typeof hostname === "string" ? JSON.stringify(hostname) : typeof hostname} is not a host name`,
  );
}

function withFiles(settings: ContainerSettings, directory: string): ContainerSettings {
  const given = settings.ociSpecification.mounts ?? [];
  if (!Array.isArray(given)) throw invalidArgument("OCI specification: mounts is not a list");
  const taken = new Set(given.map((mount: unknown) => (mount as { destination?: unknown } | null)?.destination));
  const root = objectMember(settings.ociSpecification, "root");
  const mode = root?.readonly === true ? "ro" : "rw";
  const missing = FILES.filter((file) => !taken.has(`/etc/${file}`) && existsSync(join(directory, file)));
  const added = missing.map((file) => ({
    destination: `/etc/${file}`,
    type: "bind",
    source: join(directory, file),
    options: ["rbind", "rprivate", mode],
  }));
  return { ...settings, ociSpecification: { ...settings.ociSpecification, mounts: [...given, ...added] } };
}
