import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { alreadyExists, invalidArgument } from "../../errors/shim-error.ts";
import { errorCode } from "../../sys/sys-error.ts";

/** Bundles of containers, which a client brings file by file. */
export class Bundles {
  readonly #directory: string;

  constructor(directory = "/run/bundles") {
    this.#directory = directory;
  }

  /**
   * A directory with an empty `rootfs` and these files; answers its path. All or nothing. Throws already-exists for an id
   * that has one, invalid-argument for an id or a file that is no plain name.
   */
  create(id: string, files: ReadonlyMap<string, Uint8Array>): string {
    const bundle = join(this.#directory, plainName(id, "CreateRequest.id"));
    for (const name of files.keys()) {
      if (plainName(name, "CreateRequest.files") !== "rootfs") continue;
      throw invalidArgument('CreateRequest.files has "rootfs", which is a directory of every bundle: use another name');
    }
    mkdirSync(this.#directory, { recursive: true, mode: 0o711 });
    try {
      mkdirSync(bundle, { mode: 0o711 });
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
      throw alreadyExists(`bundle "${id}" exists; cannot create it: use another id`, error);
    }
    try {
      mkdirSync(join(bundle, "rootfs"), { mode: 0o755 });
      for (const [name, bytes] of files) writeFileSync(join(bundle, name), bytes, { mode: 0o600, flag: "wx" });
    } catch (error) {
      rmSync(bundle, { recursive: true, force: true });
      throw error;
    }
    return bundle;
  }
}

/** Throws invalid-argument for what is not the name of an entry in a directory. */
export function plainName(name: string, at: string): string {
  if (name === "" || name === "." || name === ".." || /[/\0]/.test(name) || Buffer.byteLength(name) > 255) {
    throw invalidArgument(`${at} has ${JSON.stringify(name.slice(0, 300))}; wanted the plain name of a file`);
  }
  return name;
}
