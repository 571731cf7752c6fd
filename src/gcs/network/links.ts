import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { notFound } from "../../errors/shim-error.ts";
import { readText } from "../runtime/stats-file.ts";
import type { NetworkAdapter } from "./adapter.ts";

const LINKS = "/sys/class/net";
const APPEARS_WITHIN_MS = 5_000;
const POLL_MS = 10;

/** The link with the adapter's MAC address; one that is being plugged in is waited for. */
export async function linkByMac(adapter: NetworkAdapter, withinMs = APPEARS_WITHIN_MS): Promise<string> {
  if (adapter.macAddress === "")
    throw notFound(`network adapter "${adapter.id}" has no MacAddress; cannot find its link`);
  for (let waited = 0; ; waited += POLL_MS) {
    for (const link of readdirSync(LINKS)) {
      if (readText(join(LINKS, link, "address"))?.trim() === adapter.macAddress) return link;
    }
    if (waited >= withinMs) {
      throw notFound(`network adapter "${adapter.id}": no link has MAC address ${adapter.macAddress}`);
    }
    await sleep(POLL_MS);
  }
}

/** Bytes; to be read while the link is still in our namespace. */
export function linkMtu(link: string): number {
  return Number(readFileSync(join(LINKS, link, "mtu"), "utf8"));
}
