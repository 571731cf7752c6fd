/** As many search domains as resolvers of the C library of old take. */
const MAX_SEARCHES = 6;

/** resolv.conf of a pod: searches, one nameserver a line (reference: hcsshim 6.3). Extra searches are dropped. */
export function resolvConf(dns: { searches: readonly string[]; servers: readonly string[] }): string {
  const lines = dns.servers.map((server) => `nameserver ${server}`);
  const searches = dns.searches.slice(0, MAX_SEARCHES);
  if (searches.length > 0) lines.unshift(`search ${searches.join(" ")}`);
  return lines.map((line) => `${line}\n`).join("");
}

/** The hosts file of a pod: itself by name on its first address. */
export function hostsFile(hostname: string, address: string | undefined): string {
  const lines = [
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "ff02::1\tip6-allnodes",
    "ff02::2\tip6-allrouters",
  ];
  if (hostname !== "") lines.push(`${address ?? "127.0.0.1"}\t${hostname}`);
  return lines.map((line) => `${line}\n`).join("");
}
