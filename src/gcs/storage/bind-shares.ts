import { notFound } from "../../errors/shim-error.ts";
import { MS } from "../../sys/mount-options.ts";
import type { ShareResolver } from "./ports.ts";

/** Shares of a host that is this machine: bind mounts of the directories that `lookup` finds by the shares' names. */
export function bindShares(lookup: (name: string) => string | undefined): ShareResolver {
  return {
    async resolve({ name }) {
      const source = lookup(name);
      if (source === undefined) throw notFound(`share "${name}" does not exist on this host; cannot mount it`);
      return { source, type: "", flags: MS.BIND | MS.REC, data: "" };
    },
  };
}
