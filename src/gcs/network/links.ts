import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { notFound } from "../../errors/shim-error.ts";
import { appears } from "../appears.ts";
import { readText } from "../runtime/stats-file.ts";
import type { NetworkAdapter } from "./adapter.ts";

const LINKS = "/sys/class/net";

/** The link with the adapter's MAC address; one that is being plugged in is waited for. */
export async function linkByMac(adapter: NetworkAdapter, withinMs?: number): Promise<string> {
  if (adapter.macAddress === "")
    throw notFound(`network adapter "${adapter.id}" has no MacAddress; cannot find its link`);
  const find = (): string | undefined =>
    readdirSync(LINKS).find((link) => readText(join(LINKS, link, "address"))?.trim() === adapter.macAddress);
  const link = await appears(find, withinMs);
  if (link === undefined) {
    throw notFound(`network adapter "${adapter.id}": no link has MAC address ${adapter.macAddress}`);
  }
  return link;
}

/** Bytes; to be read while the link is still in our namespace. */
export function linkMtu(link: string): number {
  return Number(readFileSync(join(LINKS, link, "mtu"), "utf8"));
}
