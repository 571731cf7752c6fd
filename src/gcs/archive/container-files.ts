import { constants } from "node:fs";
import { resolve } from "node:path";
import { failedPrecondition, invalidArgument, ShimError } from "../../errors/shim-error.ts";
import { encodeBody } from "../../prot/body.ts";
import { type Archive, type ArchiveResult, archiveResult } from "../../prot/resources/archive.ts";
import { type PulledStream, pull } from "../../stdio/pull.ts";
import { close, open } from "../../sys/libc.ts";
import { O_PATH } from "../../sys/rooted.ts";
import type { DialStdio } from "../host.ts";
import { dialStdio, dropConnections } from "../stdio/connections.ts";
import type { StdioCalls } from "../stdio/ports.ts";

/** The host reads no more of a result. */
const MAX_MESSAGE = 4096;

/** Loaded late: hardly any container is copied from or to, and the node:util that they need takes half as long as Bun's boot. */
const packing = async () => (await import("./pack.ts")).pack;
const unpacking = async () => (await import("./unpack.ts")).unpack;

export interface FilesPorts {
  readonly dial: DialStdio;
  readonly stdio: Pick<StdioCalls, "closeFd">;
}

/** A container's root file system, as archives are copied out of it and into it, until the container is deleted. */
export class ContainerFiles {
  readonly #ports: FilesPorts;
  readonly #root: string;
  readonly #readOnly: boolean;
  readonly #mounts: readonly string[];
  readonly #closing = new AbortController();
  readonly #copies = new Set<Promise<void>>();

  /** From the container's OCI specification. */
  constructor(bundle: string, specification: Readonly<Record<string, unknown>>, ports: FilesPorts) {
    const root = specification.root as { readonly path?: unknown; readonly readonly?: unknown } | undefined;
    this.#root = resolve(bundle, typeof root?.path === "string" ? root.path : "rootfs");
    this.#readOnly = root?.readonly === true;
    const mounts: unknown[] = Array.isArray(specification.mounts) ? specification.mounts : [];
    this.#mounts = mounts.flatMap((mount) => {
      const destination = (mount as { readonly destination?: unknown } | null)?.destination;
      return typeof destination === "string" && !destination.includes("\0") ? [destination] : [];
    });
    this.#ports = ports;
  }

  /** Resolves once the copying has begun; what becomes of it the host reads from the result's stream. */
  async copy(settings: Archive): Promise<void> {
    const { direction, dataPort, resultPort } = settings;
    if (dataPort === 0 || resultPort === 0) throw invalidArgument("Archive names no ports; cannot copy");
    this.#closing.signal.throwIfAborted();
    if (direction === "In" && this.#readOnly) {
      throw failedPrecondition("the container's root file system is read-only; cannot copy into it");
    }
    const connections = await dialStdio(this.#ports.dial, { stdout: dataPort, stderr: resultPort }, this.#ports.stdio);
    if (this.#closing.signal.aborted) {
      dropConnections(connections, this.#ports.stdio);
      throw this.#closing.signal.reason;
    }
    const { stdout, stderr } = connections;
    if (stdout?.kind !== "stream" || stderr?.kind !== "stream") {
      dropConnections(connections, this.#ports.stdio);
      throw invalidArgument("an archive goes over streams; an fd was offered");
    }
    const copying = this.#copy(settings, pull(stdout.stream), pull(stderr.stream));
    this.#copies.add(copying);
    void copying.finally(() => this.#copies.delete(copying));
  }

  /** Ends what is under way: the root file system is not held open any more. */
  async close(): Promise<void> {
    this.#closing.abort(new ShimError("aborted", "the container is deleted"));
    await Promise.all(this.#copies);
  }

  /** Never rejects. */
  async #copy(settings: Archive, data: PulledStream, result: PulledStream): Promise<void> {
    let end: ArchiveResult = { kind: "", message: "" };
    const { signal } = this.#closing;
    const stop = (): void => data.destroy();
    signal.addEventListener("abort", stop, { once: true });
    try {
      const root = open(this.#root, O_PATH | constants.O_DIRECTORY);
      try {
        const options = { ...settings, mounts: this.#mounts, signal };
        const copy = settings.direction === "Out" ? await packing() : await unpacking();
        await copy(data, root, settings.path, options);
      } finally {
        close(root);
      }
      data.end();
    } catch (thrown) {
      const error = ShimError.from(signal.aborted ? signal.reason : thrown, "internal");
      end = { kind: error.kind, message: error.message.slice(0, MAX_MESSAGE) };
      data.destroy();
    } finally {
      signal.removeEventListener("abort", stop);
    }
    await result.put(encodeBody(archiveResult, end));
    result.end();
  }
}
