import { mkdirSync, rmdirSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { alreadyExists, ShimError } from "../../errors/shim-error.ts";
import { mountsUnder, mountTable } from "../../sys/mountinfo.ts";
import { missingFile } from "../runtime/missing-file.ts";
import type { MountCalls, MountRequest } from "./ports.ts";

/**
 * Mounts on a path that need not exist, one mount a path: a second one would stack, and
 * the Remove that follows would only uncover the first. What was made for a mount that
 * then fails is removed again.
 */
export class MountPoint {
  readonly #calls: MountCalls;
  readonly #path: string;

  constructor(calls: MountCalls, path: string) {
    this.#calls = calls;
    this.#path = path;
  }

  /** Throws already-exists where something is mounted. `kind`: what to make where there is nothing. */
  mount(request: Omit<MountRequest, "target">, kind: "directory" | "file" = "directory"): void {
    this.refuseTwice();
    const made = this.#make(kind);
    try {
      this.#calls.mount({ ...request, target: this.#path });
    } catch (error) {
      this.#unmake(made);
      throw error;
    }
  }

  refuseTwice(): void {
    if (mountTable().some(({ mountPoint }) => mountPoint === this.#path)) {
      throw alreadyExists(`"${this.#path}" is mounted; cannot mount on it again: remove it first`);
    }
  }

  /** A path that is missing or not a mount point counts as unmounted; the empty directory goes too. */
  unmount(): void {
    this.#calls.unmount(this.#path);
    removeEmpty(this.#path);
  }

  /** Unmounts what is mounted below this mount, deepest first: made by the kernel itself where the host mounts in a share. */
  unmountBelow(): void {
    const mounts = mountsUnder(this.#path);
    // Not mounted ourselves: what is below is somebody else's.
    if (!mounts.includes(this.#path)) return;
    for (const path of mounts.reverse()) if (path !== this.#path) this.#calls.unmount(path);
  }

  /** The topmost directory that had to be made, for the way back. */
  #make(kind: "directory" | "file"): string | undefined {
    try {
      if (kind === "directory") return mkdirSync(this.#path, { recursive: true });
      const made = mkdirSync(dirname(this.#path), { recursive: true });
      const there = statSync(this.#path, { throwIfNoEntry: false });
      if (there === undefined) writeFileSync(this.#path, "");
      return there === undefined ? (made ?? this.#path) : undefined;
    } catch (error) {
      throw new ShimError("failed-precondition", `"${this.#path}" cannot be made as a mount point: ${String(error)}`, {
        cause: error,
      });
    }
  }

  #unmake(made: string | undefined): void {
    if (made === undefined) return;
    for (let path = this.#path; path.length >= made.length; path = dirname(path)) removeEmpty(path);
  }
}

/** Removes an empty directory or an empty stand-in file; anything else stays. */
export function removeEmpty(path: string): void {
  try {
    const entry = statSync(path);
    if (entry.isDirectory()) rmdirSync(path);
    else if (entry.isFile() && entry.size === 0) unlinkSync(path);
  } catch (error) {
    const left = error instanceof Error && "code" in error && (error.code === "ENOTEMPTY" || error.code === "EBUSY");
    if (!left && !missingFile(error)) throw error;
  }
}
