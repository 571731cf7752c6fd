import { statSync } from "node:fs";
import { lcowMappedDirectory } from "../../prot/resources/mapped-directory.ts";
import { MS } from "../../sys/mount-options.ts";
import { guestPath } from "../guest-path.ts";
import { MountPoint } from "./mount-point.ts";
import type { MountCalls, ShareResolver } from "./ports.ts";

/** Resource "MappedDirectory": a directory (or file) of the host, by the name of its share. */
export class MappedDirectory {
  readonly #calls: MountCalls;
  readonly #shares: ShareResolver;

  constructor(calls: MountCalls, shares: ShareResolver) {
    this.#calls = calls;
    this.#shares = shares;
  }

  async add(value: unknown): Promise<void> {
    const { mountPath, shareName: name, port, readOnly } = lcowMappedDirectory.decode(value, "MappedDirectory");
    const target = guestPath(mountPath, "MappedDirectory.MountPath");
    const point = new MountPoint(this.#calls, target);
    point.refuseTwice();
    const request = await this.#shares.resolve({ name, port, readOnly });
    const bind = (request.flags & MS.BIND) !== 0;
    const isFile = bind && statSync(request.source, { throwIfNoEntry: false })?.isFile() === true;
    point.mount(
      { ...request, flags: request.flags | (readOnly && !bind ? MS.RDONLY : 0) },
      isFile ? "file" : "directory",
    );
    if (!readOnly || !bind) return;
    try {
      // A bind mount takes MS.RDONLY only in a second step.
      this.#calls.mount({ source: "", target, type: "", flags: MS.BIND | MS.REMOUNT | MS.RDONLY, data: "" });
    } catch (error) {
      point.unmount();
      throw error;
    }
  }

  /** Success for a path that is missing or not mounted. */
  remove(value: unknown): void {
    const { mountPath } = lcowMappedDirectory.decode(value, "MappedDirectory");
    const target = guestPath(mountPath, "MappedDirectory.MountPath");
    const point = new MountPoint(this.#calls, target);
    point.unmountBelow();
    point.unmount();
    this.#shares.released?.();
  }
}
