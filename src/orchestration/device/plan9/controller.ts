import { isKind } from "../../../errors/shim-error.ts";
import { bounded } from "../../deadline.ts";
import { alreadyAttached, writableSharesDenied } from "../errors.ts";
import { type Mapping, reserveMapping } from "../mapping.ts";
import { SharedDevice } from "../shared-device.ts";
import type { Plan9Ports, Plan9Request } from "./ports.ts";

/** Port of the Plan9 server in HCS, which MappedDirectory names; a stack that carries shares otherwise ignores it. */
const PLAN9_PORT = 564;

interface Share {
  readonly device: SharedDevice;
  readonly name: string;
  readonly mounts: Map<string, { readonly device: SharedDevice; readonly guestPath: string }>;
}

const shareKey = ({ hostPath, readOnly, allowedNames }: Plan9Request): string =>
  JSON.stringify([hostPath, readOnly, allowedNames?.toSorted()]);

/**
 * The directory shares of one VM. Requests of one path in the same mode hold one share and one mount together; the same
 * directory for reading and for writing, or for different files of it, is two shares.
 */
export class Plan9Controller {
  readonly #ports: Plan9Ports;
  readonly #shares = new Map<string, Share>();
  #lastName = 0;
  #held = 0;

  constructor(ports: Plan9Ports) {
    this.#ports = ports;
  }

  /**
   * Bookkeeping only. Throws already-exists for a guest path that another share is mounted on, permission-denied for a
   * writable share where none may be.
   */
  reserve(request: Plan9Request): Mapping {
    if (!request.readOnly && this.#ports.uvm.shareRules?.readOnly) throw writableSharesDenied(request.hostPath);
    this.#refuseTaken(request);
    const share = this.#share(request);
    const key = request.guestPath ?? "";
    const mount = share.mounts.get(key) ?? this.#mount(share, key, request);
    const what = `share ${share.name} of ${request.hostPath}${request.readOnly ? " (read-only)" : ""}`;
    return reserveMapping(mount.device, { what, guestPath: mount.guestPath });
  }

  /** For reports and tests. */
  get held(): number {
    return this.#held;
  }

  #refuseTaken(request: Plan9Request): void {
    const { hostPath, guestPath } = request;
    if (guestPath === undefined) return;
    for (const [key, { name, mounts }] of this.#shares) {
      if (key === shareKey(request) || !mounts.has(guestPath)) continue;
      throw alreadyAttached(`share ${name}`, guestPath, hostPath);
    }
  }

  #share(request: Plan9Request): Share {
    const key = shareKey(request);
    const { hostPath, readOnly, allowedNames } = request;
    const known = this.#shares.get(key);
    if (known !== undefined) return known;
    const { uvm, limits } = this.#ports;
    // Never used twice: a name that was taken away may still be known to the guest's kernel.
    const name = String(this.#lastName++);
    const id = `share ${name} (${hostPath})`;
    const settings = { name, hostPath, readOnly, ...(allowedNames && { allowedNames }) };
    const device = new SharedDevice(
      id,
      {
        map: () => bounded(limits.host, `adding ${id}`, (o) => uvm.addPlan9Share(settings, o)),
        unmap: () => bounded(limits.host, `removing ${id}`, (o) => uvm.removePlan9Share(name, o)),
      },
      {
        onLeave: () => this.#shares.get(key) === share && this.#shares.delete(key),
        onGone: () => {
          this.#held -= 1;
        },
      },
    );
    const share: Share = { device, name, mounts: new Map() };
    this.#held += 1;
    this.#shares.set(key, share);
    return share;
  }

  #mount(share: Share, key: string, request: Plan9Request): { device: SharedDevice; guestPath: string } {
    const { guest, limits, nextMountPath } = this.#ports;
    const guestPath = request.guestPath ?? nextMountPath();
    const { readOnly } = request;
    const settings = { mountPath: guestPath, port: PLAN9_PORT, shareName: share.name, readOnly };
    const what = `mount of ${request.hostPath} on ${guestPath}`;
    const below = share.device.reserve();
    // Where the guest was never asked, or has something else mounted, an unmount would take away what is not ours.
    let isOurs = false;
    const device = new SharedDevice(
      what,
      {
        async map() {
          const wasOurs = isOurs;
          isOurs = true;
          try {
            await bounded(limits.guest, what, (o) => guest.addMappedDirectory(settings, o));
          } catch (cause) {
            isOurs = wasOurs || !isKind(cause, "already-exists");
            throw cause;
          }
        },
        async unmap() {
          if (isOurs) await bounded(limits.guest, `un${what}`, (o) => guest.removeMappedDirectory(settings, o));
          isOurs = false;
        },
      },
      { below, onLeave: () => share.mounts.get(key)?.device === device && share.mounts.delete(key) },
    );
    const mount = { device, guestPath };
    share.mounts.set(key, mount);
    return mount;
  }
}
