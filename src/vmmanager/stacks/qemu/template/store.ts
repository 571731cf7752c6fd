import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { failedPrecondition } from "../../../../errors/shim-error.ts";
import { withDirectoryLock } from "../../../../sys/directory-lock.ts";
import type { CallOptions } from "../../../lifetime.ts";

/** Each is as large as the memory that a guest has touched. */
const MOST = 4;
/** Of a template that is being made. */
const UNFINISHED = ".new";

/**
 * The templates of this host: one directory each, named by its key. One is made at a time, under the lock of the directory
 * of all; it has its name once it is whole. Whoever reads one needs no lock: its files stay what they are, and one that is
 * removed meanwhile is either not found or still open.
 */
export class TemplateStore {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Where this one is; undefined where there is none. Throws failed-precondition for a directory that others may write. */
  find(key: string): string | undefined {
    const path = join(this.directory, key);
    if (!existsSync(path)) return undefined;
    this.#refuseForeign();
    // Tells those in use from the others.
    utimesSync(path, new Date(), new Date());
    return path;
  }

  /**
   * Has one written into an empty directory, unless somebody else has made it meanwhile. Rejects as `write` does, and with
   * unavailable where others are at it for longer than `waitMs`; nothing is left of it then.
   */
  async make(
    key: string,
    write: (directory: string) => Promise<void>,
    { waitMs, signal }: CallOptions & { readonly waitMs: number },
  ): Promise<string> {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    this.#refuseForeign();
    const path = join(this.directory, key);
    const make = async (): Promise<void> => {
      if (existsSync(path)) return;
      // Who was making them is gone: it would hold the lock.
      for (const name of this.#names()) if (name.endsWith(UNFINISHED)) this.#remove(name);
      const unfinished = `${path}${UNFINISHED}`;
      mkdirSync(unfinished, { mode: 0o700 });
      try {
        await write(unfinished);
        renameSync(unfinished, path);
      } catch (error) {
        rmSync(unfinished, { recursive: true, force: true });
        throw error;
      }
      this.#prune(key);
    };
    await withDirectoryLock(this.directory, make, { timeoutMs: waitMs, ...(signal && { signal }) });
    return path;
  }

  discard(key: string): void {
    this.#remove(key);
  }

  /** Those that nobody has used for longest, of other sizes or of an image or a QEMU that is no more. */
  #prune(made: string): void {
    const used = (name: string): number => statSync(join(this.directory, name)).mtimeMs;
    const others = this.#names().filter((name) => name !== made && !name.endsWith(UNFINISHED));
    const latestFirst = others.map((name) => ({ name, at: used(name) })).sort((a, b) => b.at - a.at);
    for (const { name } of latestFirst.slice(MOST - 1)) this.#remove(name);
  }

  #names(): string[] {
    return readdirSync(this.directory);
  }

  #remove(name: string): void {
    rmSync(join(this.directory, name), { recursive: true, force: true });
  }

  /** Whoever writes here has the memory of every VM to come. */
  #refuseForeign(): void {
    const { uid, mode } = lstatSync(this.directory);
    if ((uid === 0 || uid === process.geteuid?.()) && (mode & 0o077) === 0) return;
    const octal = (mode & 0o7777).toString(8);
    throw failedPrecondition(
      `directory ${this.directory} (mode ${octal}, user ${uid}) is not root's alone; cannot keep templates of VMs there: chown it to root, chmod 0700`,
    );
  }
}
