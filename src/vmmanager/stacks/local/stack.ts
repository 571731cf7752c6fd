import { createGcs, type GcsOptions } from "../../../gcs/gcs.ts";
import type { Logger } from "../../../log/logger.ts";
import { createMemorySockets } from "../../../transport/memory.ts";
import { notSupported } from "../../support.ts";
import type { Stack } from "../../uvm.ts";
import { LocalUvm } from "./local-uvm.ts";

export interface LocalStackOptions {
  /** The process's one reaper, where it has one: the guest's processes become children of this process. */
  readonly reaper?: GcsOptions["reaper"];
  readonly log?: Logger;
}

/**
 * No VM: the guest compute service runs here, joined by byte streams in memory that carry the real bridge. Isolates no
 * more than runc does, so only a configuration that says `local` may choose it.
 */
export function createLocalStack({ reaper, log }: LocalStackOptions = {}): Stack {
  return {
    name: "local",
    async create(options, call) {
      call?.signal?.throwIfAborted();
      const { host, guest } = createMemorySockets();
      const gcs = createGcs({
        sockets: guest,
        stateDirectory: options.stateDirectory,
        ...(options.runc && { runc: options.runc }),
        ...(reaper && { reaper }),
        ...(log && { log }),
      });
      return new LocalUvm(options, host, gcs);
    },
    async restore() {
      throw notSupported("local", "lifetime", "restore");
    },
  };
}
