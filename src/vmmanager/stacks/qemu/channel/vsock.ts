import { sha256Hex } from "#sha256";
import { failedPrecondition, ShimError } from "../../../../errors/shim-error.ts";
import type { Logger } from "../../../../log/logger.ts";
import { close } from "../../../../sys/libc.ts";
import { errorCode } from "../../../../sys/sys-error.ts";
import { openVhostVsock, VHOST_VSOCK } from "../../../../sys/vsock.ts";
import type { MuxState } from "../../../../transport/mux/state.ts";
import { VsockHost } from "../../../../transport/vsock/host.ts";
import type { GuestChannel } from "./channel.ts";

/** CIDs that nobody else gives to VMs by hand, who begin at 3; u32, the last two have meanings. */
const FIRST_CID = 0x1000_0000;
const CID_COUNT = 0x7000_0000;
const TRIES = 16;

/** What QEMU has to know of a VM's vsock. */
export interface VsockDevice {
  readonly guestCid: number;
  /** Where its host listens: the guest kernel's argument `uvm.vsock` tells it. */
  readonly hostPort: number;
}

/** vsock, by the host's kernel: one connection is one socket there, and the kernel controls its flow. */
export class VsockChannel implements GuestChannel {
  readonly sockets: VsockHost;
  readonly restored = [];
  readonly unsaveable =
    'its guest channel is vsock, whose connections the host\'s kernel holds and cuts at a migration: set qemu.channel = "serial"';
  readonly device: VsockDevice;
  /** For QEMU, which gets it by inheritance. The opener's to close. */
  readonly deviceFd: number;

  /** Throws failed-precondition where this host has no vsock for VMs. */
  static open(id: string, log: Logger, openDevice: (cid: number) => number = openVhostVsock): VsockChannel {
    const { fd, guestCid } = claimCid(id, openDevice);
    try {
      return new VsockChannel(fd, guestCid, new VsockHost({ guestCid, log }));
    } catch (error) {
      close(fd);
      throw unusable(id, error);
    }
  }

  private constructor(deviceFd: number, guestCid: number, sockets: VsockHost) {
    this.deviceFd = deviceFd;
    this.sockets = sockets;
    this.device = { guestCid, hostPort: sockets.port };
  }

  saveState(): MuxState {
    throw new ShimError("unimplemented", "a guest channel over vsock has no state to save");
  }

  resume(): void {}

  destroy(error: Error): void {
    this.sockets.destroy(error);
  }
}

/** The host's device with a CID that no other VM of this host has: a number made of the VM's id, else the next such. */
export function claimCid(id: string, openDevice: (cid: number) => number): { fd: number; guestCid: number } {
  for (let n = 0; n < TRIES; n++) {
    const guestCid = FIRST_CID + (Number.parseInt(sha256Hex(`${id} ${n}`).slice(0, 8), 16) % CID_COUNT);
    try {
      return { fd: openDevice(guestCid), guestCid };
    } catch (error) {
      if (errorCode(error) !== "EADDRINUSE") throw unusable(id, error);
    }
  }
  throw new ShimError("resource-exhausted", `${TRIES} vsock CIDs are all taken; cannot give vm ${id} one: try again`);
}

function unusable(id: string, cause: unknown): Error {
  const { message } = ShimError.from(cause);
  return failedPrecondition(
    `vm ${id} is to use vsock (qemu.channel), and ${VHOST_VSOCK} of this host can't be used (${message}); cannot create ` +
      'it: modprobe vhost_vsock, or set qemu.channel = "serial"',
    cause,
  );
}
