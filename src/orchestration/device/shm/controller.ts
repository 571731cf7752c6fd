import { ShimError } from "../../../errors/shim-error.ts";
import { bounded } from "../../deadline.ts";
import { type Mapping, reserveMapping } from "../mapping.ts";
import { SharedDevice } from "../shared-device.ts";
import type { ShmPorts, ShmRequest } from "./ports.ts";
import type { SavedShm } from "./saved.ts";

interface Tmpfs {
  readonly device: SharedDevice;
  readonly request: ShmRequest;
  readonly guestPath: string;
}

/** /dev/shm of pods: memory cannot be shared with the host, so the guest has a tmpfs for each of the host's. */
export class ShmController {
  readonly #ports: ShmPorts;
  readonly #mounts = new Map<string, Tmpfs>();

  /** `saved`: of a restored VM; who held one reserves it again by the same request. */
  constructor(ports: ShmPorts, saved: readonly SavedShm[] = []) {
    this.#ports = ports;
    for (const each of saved) this.#mount(each.request, each);
  }

  save(): SavedShm[] {
    return [...this.#mounts.values()].map(({ device, request, guestPath }) => ({
      ...{ request, guestPath, isMapped: device.state === "mapped" },
    }));
  }

  /** Bookkeeping only. */
  reserve(request: ShmRequest): Mapping {
    const mount = this.#mounts.get(request.hostPath) ?? this.#mount(request);
    const what = `shared memory of ${request.hostPath}`;
    return reserveMapping(mount.device, { what, guestPath: mount.guestPath });
  }

  #mount(request: ShmRequest, saved?: SavedShm): Tmpfs {
    const { hostPath, bytes } = request;
    const guestPath = saved?.guestPath ?? this.#ports.nextMountPath();
    const options = `mode=1777,size=${bytes},nosuid,nodev,noexec`;
    const device = new SharedDevice(
      `tmpfs on ${guestPath}`,
      {
        map: async () => {
          await this.#run(["mkdir", "-p", guestPath]);
          await this.#run(["mount", "-t", "tmpfs", "-o", options, "shm", guestPath]);
        },
        // Not mounted is as good. The empty directory stays: it is in memory, and its name is not used again.
        unmap: () => this.#run(["sh", "-c", 'umount "$0" 2>/dev/null; ! grep -q " $0 " /proc/mounts', guestPath]),
      },
      {
        onLeave: () => void (this.#mounts.get(hostPath)?.device === device && this.#mounts.delete(hostPath)),
        ...(saved && { isMapped: saved.isMapped }),
      },
    );
    const mount = { device, request, guestPath };
    this.#mounts.set(hostPath, mount);
    return mount;
  }

  async #run(commandArgs: readonly string[]): Promise<void> {
    const what = `${commandArgs.join(" ")} in the guest`;
    const code = await bounded(this.#ports.limits.guest, what, async (options) => {
      const process = await this.#ports.guest.createProcess({ commandArgs }, options);
      return process.exitCode;
    });
    if (code !== 0) throw new ShimError("internal", `${what} ended with ${code}`);
  }
}
