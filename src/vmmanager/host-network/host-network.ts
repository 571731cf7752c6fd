import { statSync } from "node:fs";
import { notFound } from "../../errors/shim-error.ts";
import { close } from "../../sys/libc.ts";
import { makeNetworkNamespace, removeNetworkNamespace } from "../../sys/network-namespace.ts";
import { openTap } from "../../sys/tap.ts";
import type { CallOptions } from "../lifetime.ts";
import { type HostLink, hostLinks, TAP_PREFIX } from "./host-link.ts";
import { inNamespace, runInNamespace } from "./run-in-namespace.ts";

/** The host's half of a pod's network: what CNI made in a namespace, and how its frames reach a VM. */
export interface HostNetwork {
  /** The same for each path of one namespace (CNI's mount, /proc/PID/ns/net). Throws not-found where it is gone. */
  identify(namespace: string): string;
  /** The links of a namespace that a VM takes over. Throws not-found where the namespace is gone. */
  links(namespace: string, call?: CallOptions): Promise<readonly HostLink[]>;
  /**
   * A tap in the namespace that gets every frame which arrives at the link, and whose frames leave by it. The link keeps
   * its addresses, for CNI's checks and whoever asks for them, but the host's own stack hears nothing on it any more.
   * Answers the tap's fd, the caller's; the tap ends with it.
   */
  joinTap(namespace: string, link: HostLink, call?: CallOptions): Promise<number>;
  /** The link is the host's stack's again. Throws not-found where link or namespace are gone. */
  leaveTap(namespace: string, link: HostLink, call?: CallOptions): Promise<void>;
  /** A new namespace with nothing but loopback, kept at the path. */
  makeNamespace(path: string): void;
  /** One that is gone is fine. */
  removeNamespace(path: string): void;
}

export const hostNetwork: HostNetwork = {
  identify(namespace) {
    const { dev, ino } = statOf(namespace);
    return `${dev}:${ino}`;
  },

  async links(namespace, { signal } = {}) {
    const ip = (...argv: string[]): Promise<string> => runInNamespace(namespace, ["ip", "-json", ...argv], { signal });
    return hostLinks(...(await Promise.all([ip("address"), ip("-4", "route"), ip("-6", "route")])));
  },

  async joinTap(namespace, link, { signal } = {}) {
    const tap = `${TAP_PREFIX}${link.index}`;
    const fd = inNamespace(namespace, () => openTap(tap));
    try {
      const setUp = `link set dev ${tap} addrgenmode none\nlink set dev ${tap} mtu ${link.mtu} up\n`;
      await runInNamespace(namespace, ["ip", "-batch", "-"], { input: setUp, signal });
      const redirect = `${redirection(link.name, tap)}${redirection(tap, link.name)}`;
      await runInNamespace(namespace, ["tc", "-batch", "-"], { input: redirect, signal });
      return fd;
    } catch (error) {
      close(fd);
      // Half of it may stand; the first error is the one to tell.
      await hostNetwork.leaveTap(namespace, link).catch(() => {});
      throw error;
    }
  },

  async leaveTap(namespace, link, { signal } = {}) {
    await runInNamespace(namespace, ["tc", "qdisc", "del", "dev", link.name, "ingress"], { signal });
  },

  makeNamespace: makeNetworkNamespace,
  removeNamespace: removeNetworkNamespace,
};

function statOf(namespace: string): { readonly dev: bigint; readonly ino: bigint } {
  try {
    return statSync(namespace, { bigint: true });
  } catch (cause) {
    throw notFound(`network namespace ${namespace} does not exist`, cause);
  }
}

/** Lines of `tc -batch`: every frame that comes in by one goes out by the other (u32 with an empty match takes all). */
function redirection(from: string, to: string): string {
  const all = "protocol all u32 match u32 0 0";
  return [
    `qdisc add dev ${from} ingress`,
    `filter add dev ${from} parent ffff: ${all} action mirred egress redirect dev ${to}`,
    "",
  ].join("\n");
}
