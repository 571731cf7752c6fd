import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { notFound, ShimError } from "../../errors/shim-error.ts";
import { appears, type Wait } from "../appears.ts";
import { readText } from "../runtime/stats-file.ts";
import type { NetworkAdapter } from "./adapter.ts";

const LINKS = "/sys/class/net";

/** The link with the adapter's MAC address; one that is being plugged in is waited for. */
export async function linkByMac(adapter: NetworkAdapter, wait?: Wait): Promise<string> {
  if (adapter.macAddress === "")
    throw notFound(`network adapter "${adapter.id}" has no MacAddress; cannot find its link`);
  try {
    return await linkWithMac(adapter.macAddress, wait);
  } catch (error) {
    throw notFound(`network adapter "${adapter.id}": ${ShimError.from(error).message}`, error);
  }
}

/** Lower case with colons. Throws not-found when none has shown up in time. */
export async function linkWithMac(mac: string, wait?: Wait, links = LINKS): Promise<string> {
  // While the kernel registers a link its files come one by one, the MTU's after the address's.
  const find = (): string | undefined =>
    readdirSync(links).find(
      (link) => readText(join(links, link, "address"))?.trim() === mac && existsSync(join(links, link, "mtu")),
    );
  const link = await appears(find, wait);
  if (link === undefined) throw notFound(`no link has MAC address ${mac}`);
  return link;
}

/** Bytes; to be read while the link is still in our namespace. */
export function linkMtu(link: string): number {
  return Number(readFileSync(join(LINKS, link, "mtu"), "utf8"));
}
