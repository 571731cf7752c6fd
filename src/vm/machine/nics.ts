import { join } from "node:path";
import { failedPrecondition, notFound, ShimError, unavailable } from "../../errors/shim-error.ts";
import { close, write } from "../../sys/libc.ts";
import { connectUnix, connectUnixDatagram } from "../../sys/libc-socket.ts";
import { errorCode } from "../../sys/sys-error.ts";
import type { QmpArguments } from "../../vmmanager/stacks/qemu/qmp/commands.ts";
import { type Nic, type NicFeature, nicFeatures } from "../nic-options.ts";
import { type AttachContext, pciAddress } from "./context.ts";

/** What vfkit says first. */
const GREETING = new TextEncoder().encode("VFKT");

/** QEMU's names for them. */
const PROPERTIES: Readonly<Record<NicFeature, string | undefined>> = {
  // Without it a guest would make up an address: it is always offered.
  mac: undefined,
  mergeableReceiveBuffers: "mrg_rxbuf",
  status: "status",
  controlQueue: "ctrl_vq",
  controlReceiveMode: "ctrl_rx",
  controlVlan: "ctrl_vlan",
  guestAnnounce: "guest_announce",
  controlMac: "ctrl_mac_addr",
};

/** An adapter over a socket that is connected here: QEMU may open none. */
export async function attachNic(nic: Nic, slot: number, { monitor, directory, signal }: AttachContext): Promise<void> {
  const fd = connectNic(nic, join(directory, `nic-${slot}.sock`));
  try {
    await monitor.nameFd(netdevId(slot), fd, { signal });
  } finally {
    close(fd);
  }
  await monitor.qmp.execute("netdev_add", nicNetdev(slot), { signal });
  await monitor.qmp.execute("device_add", nicDevice(nic, slot), { signal });
}

/** `localPath`: where answers to datagrams go. */
function connectNic({ endpoint, macAddress, mode, vfkit }: Nic, localPath: string): number {
  let fd: number;
  try {
    fd = mode === "unixstream" ? connectUnix(endpoint) : connectUnixDatagram(localPath, endpoint);
  } catch (error) {
    throw connectError(`adapter ${macAddress} can't be connected to ${endpoint}`, error);
  }
  try {
    if (vfkit && write(fd, GREETING) !== GREETING.length) {
      throw unavailable(`${endpoint} takes nothing; cannot greet it for adapter ${macAddress}`);
    }
    return fd;
  } catch (error) {
    close(fd);
    throw ShimError.from(error, "unavailable");
  }
}

function connectError(what: string, error: unknown): Error {
  switch (errorCode(error)) {
    case "ENOENT":
    case "ECONNREFUSED":
      return notFound(`${what}: nobody listens there; start what carries its frames before the VM`, error);
    case "ENAMETOOLONG":
      return failedPrecondition(`${what}: a socket's path has 107 bytes at most; use a shorter state directory`, error);
    case "EPROTOTYPE":
      return failedPrecondition(`${what}: that socket is of the other mode, unixgram or unixstream`, error);
    default:
      return ShimError.from(error, "internal");
  }
}

const netdevId = (slot: number): string => `net-${slot}`;

/** "socket", which looks at what the fd is: with "stream" QEMU 7.2 takes no fd by its name. Both frame alike. */
export function nicNetdev(slot: number): QmpArguments["netdev_add"] {
  return { type: "socket", id: netdevId(slot), fd: netdevId(slot) };
}

export function nicDevice({ macAddress, features }: Nic, slot: number): QmpArguments["device_add"] {
  const chosen: Record<string, boolean> = {};
  for (const name of Object.keys(nicFeatures) as NicFeature[]) {
    const property = PROPERTIES[name];
    if (property !== undefined && features !== undefined) chosen[property] = features.includes(name);
  }
  return {
    ...{ driver: "virtio-net-pci", id: `dev-${slot}`, netdev: netdevId(slot), mac: macAddress },
    // It boots from no network: no option ROM to load.
    ...{ romfile: "", ...chosen, ...pciAddress(slot) },
  };
}
