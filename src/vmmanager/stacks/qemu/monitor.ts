import type { CallOptions } from "../../lifetime.ts";
import type { QmpClient } from "./qmp/client.ts";

/** QEMU's monitor, and the way by which it gets files that it has no right to open itself. */
export interface QemuMonitor {
  readonly qmp: QmpClient;
  /**
   * Hands a copy of the fd over as a new fd set (QMP add-fd); the fd stays the caller's. `path` ("/dev/fdset/N") is what
   * a blockdev opens. The set goes with its last user; without any, by `removeFd`.
   */
  addFd(fd: number, options?: CallOptions): Promise<FdSet>;
  removeFd(id: number, options?: CallOptions): Promise<void>;
  /** Hands a copy of the fd over under a name (QMP getfd), for netdev, chardev and migration. */
  nameFd(name: string, fd: number, options?: CallOptions): Promise<void>;
}

export interface FdSet {
  readonly id: number;
  readonly path: string;
}
