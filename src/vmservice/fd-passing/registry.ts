import { close, dup } from "../../sys/libc.ts";

/** Descriptors of clients, by the names that they gave them: one space of names for all connections. */
export class FdRegistry {
  readonly #fds = new Map<string, { readonly fd: number; readonly owner: object }>();

  /** Takes the fd over. False: the name is taken, and the fd stays the caller's. */
  register(name: string, fd: number, owner: object): boolean {
    if (this.#fds.has(name)) return false;
    this.#fds.set(name, { fd, owner });
    return true;
  }

  /** False: that owner has registered no such name. */
  deregister(name: string, owner: object): boolean {
    const entry = this.#fds.get(name);
    if (entry?.owner !== owner) return false;
    close(entry.fd);
    return this.#fds.delete(name);
  }

  /** All that it registered. What was copied lives on. */
  forget(owner: object): void {
    for (const [name, entry] of [...this.#fds]) if (entry.owner === owner) this.deregister(name, owner);
  }

  /** The caller's own. */
  copyOf(name: string): number | undefined {
    const entry = this.#fds.get(name);
    return entry === undefined ? undefined : dup(entry.fd);
  }
}
