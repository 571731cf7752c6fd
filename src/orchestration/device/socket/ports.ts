import { statSync } from "node:fs";
import { runtime } from "#runtime";
import type { GuestUnixSockets } from "../../../guestmanager/sockets.ts";
import type { ByteStream } from "../../../sys/byte-stream.ts";
import type { UtilityVM } from "../../../vmmanager/uvm.ts";
import type { DeviceLimits } from "../ports.ts";

export interface SocketPorts {
  readonly uvm: Pick<UtilityVM, "sockets">;
  readonly guest: GuestUnixSockets;
  /** Each call another. */
  readonly nextMountPath: () => string;
  readonly limits: DeviceLimits;
  readonly host?: HostUnixSockets;
}

/** A unix socket of the host, for the containers of a VM. */
export interface SocketRequest {
  readonly hostPath: string;
}

export interface HostUnixSockets {
  /** Permission bits and owner. */
  access(path: string): { readonly mode: number; readonly uid: number; readonly gid: number };
  connect(path: string, options: { readonly signal: AbortSignal }): Promise<ByteStream>;
}

export const hostUnixSockets: HostUnixSockets = {
  access(path) {
    const { mode, uid, gid } = statSync(path);
    return { mode: mode & 0o777, uid, gid };
  },
  connect: (path, options) => runtime.connect(path, options),
};
