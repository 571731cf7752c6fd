import { readlinkSync } from "node:fs";
import { failedPrecondition } from "../../errors/shim-error.ts";
import { close } from "../../sys/libc.ts";
import { descriptorPath, O_PATH, openInside } from "../../sys/rooted.ts";
import { latin1, partsOf } from "./places.ts";

/** Where a container has mounts: what its root file system has there is not what it sees. */
export class MountPoints {
  readonly #root: string;
  readonly #points: readonly string[];

  /** `destinations`: as the container's specification has them, which may lead through links of its root. */
  constructor(root: number, destinations: readonly string[]) {
    this.#root = pathOf(root);
    this.#points = destinations
      .map((destination) => this.#resolved(root, destination))
      .filter((point) => point !== "/");
  }

  /** Throws failed-precondition where the directory, or the entry of that name in it, is on a mount. */
  refuse(directory: number, name = ""): void {
    if (this.#points.length === 0) return;
    const path = this.#inside(`${pathOf(directory)}/${name}`);
    const point = this.#points.find((each) => `${path}/`.startsWith(`${each}/`));
    if (point === undefined) return;
    throw failedPrecondition(
      `${path} is on the container's mount ${point}, not in its root file system; cannot copy it`,
    );
  }

  #resolved(root: number, destination: string): string {
    const plain = partsOf(destination).join("/");
    try {
      const point = openInside(root, latin1(plain || "."), O_PATH, "in-root");
      try {
        return this.#inside(pathOf(point));
      } finally {
        close(point);
      }
    } catch {
      return `/${plain}`;
    }
  }

  #inside(path: string): string {
    return `/${path.slice(this.#root.length).split("/").filter(Boolean).join("/")}`;
  }
}

const pathOf = (fd: number): string => readlinkSync(descriptorPath(fd), "buffer").toString("latin1");
