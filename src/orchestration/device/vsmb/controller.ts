import { win32 } from "node:path";
import type { VsmbOptions, VsmbShare } from "../../../vmmanager/vsmb.ts";
import { bounded } from "../../deadline.ts";
import { notAttached, writableSharesDenied } from "../errors.ts";
import { KeyedDevices } from "../keyed-devices.ts";
import type { Mapping } from "../mapping.ts";
import type { DeviceSteps } from "../ports.ts";
import { hostVsmbFiles, type VsmbPorts, type VsmbRequest } from "./ports.ts";
import { VSMB_SHARES } from "./share-path.ts";

type Wanted = Omit<VsmbShare, "name"> & { readonly options: VsmbOptions };

/** hcsshim's DefaultVSMBOptions. */
export function defaultVsmbOptions(readOnly: boolean, noDirectMap: boolean): VsmbOptions {
  return {
    ...(noDirectMap && { noDirectMap }),
    ...(readOnly && { shareRead: true, cacheIo: true, readOnly: true, pseudoOplocks: true }),
  };
}

/**
 * The VSMB shares of one Windows VM. A single file is a share of its directory that shows nothing else. Who asks for the
 * same with the same options shares one; with others it is one of its own (hcsshim gives the first's options to both).
 */
export class VsmbController {
  readonly #ports: VsmbPorts;
  readonly #shares = new KeyedDevices();
  /** Directly mapped, without a holder: the key by name. */
  readonly #idle = new Map<string, string>();
  #lastName = 0;

  constructor(ports: VsmbPorts) {
    this.#ports = ports;
  }

  /** Those with a holder. */
  get held(): number {
    return this.#shares.held;
  }

  /** Those without one that stay until the VM's end. */
  get idle(): number {
    return this.#idle.size;
  }

  /** Bookkeeping, and a look at the host's file. Throws not-found; permission-denied where none may be writable. */
  reserve(request: VsmbRequest): Mapping {
    const wanted = this.#wanted(request);
    const { hostPath, options } = wanted;
    if (!request.readOnly && this.#ports.uvm.shareRules?.readOnly) throw writableSharesDenied(hostPath);
    const key = keyOf(wanted);
    return this.#shares.reserve(key, () => {
      // Never used twice for different shares: the guest may still have the old one's files open.
      const name = this.#idleName(key) ?? `s${(++this.#lastName).toString(16)}`;
      const file = wanted.allowedFiles?.[0];
      const what = `vsmb share ${name} of ${file ?? hostPath}${options.readOnly ? " (read-only)" : ""}`;
      const guestPath = `${VSMB_SHARES}${name}${file === undefined ? "" : `\\${win32.basename(file)}`}`;
      return { what, guestPath, steps: this.#steps({ ...wanted, name }, key, what) };
    });
  }

  /** hcsshim's GetVSMBUvmPath. Throws not-found where nobody has reserved the like. */
  guestPathOf(request: VsmbRequest): string {
    const path = this.#shares.guestPathOf(keyOf(this.#wanted(request)));
    if (path === undefined) throw notAttached(`vsmb share of ${request.hostPath}`);
    return path;
  }

  #idleName(key: string): string | undefined {
    for (const [name, of] of this.#idle) if (of === key) return name;
    return undefined;
  }

  #wanted({ hostPath, readOnly, options }: VsmbRequest): Wanted {
    const { uvm, files = hostVsmbFiles } = this.#ports;
    const path = win32.normalize(hostPath);
    const isFile = !files.isDirectory(path);
    const directory = isFile ? win32.dirname(path) : path.replace(/(?<=[^:])\\+$/, "");
    const noDirectMap = (uvm.shareRules?.noDirectMap ?? false) || (files.refusesDirectMap?.(directory) ?? false);
    return {
      hostPath: directory,
      ...(isFile && { allowedFiles: [path] }),
      options: {
        ...defaultVsmbOptions(readOnly, noDirectMap),
        ...options,
        ...(isFile && { restrictFileAccess: true, singleFileMapping: true }),
      },
    };
  }

  #steps(share: VsmbShare, key: string, what: string): DeviceSteps {
    const { uvm, limits } = this.#ports;
    let wasMapped = false;
    return {
      map: async () => {
        if (!this.#idle.delete(share.name))
          await bounded(limits.host, `adding ${what}`, (o) => uvm.addVsmbShare(share, o));
        wasMapped = true;
      },
      unmap: async () => {
        // What is mapped into the guest's memory cannot be taken from under the files that it may have open; it stays
        // for the next who asks. Nobody was told of one whose add failed: that one goes.
        if (wasMapped && share.options?.noDirectMap !== true) this.#idle.set(share.name, key);
        else await bounded(limits.host, `removing ${what}`, (o) => uvm.removeVsmbShare(share.name, o));
      },
    };
  }
}

/** Windows compares paths without regard to case. */
function keyOf({ hostPath, allowedFiles, options }: Wanted): string {
  const flags = Object.entries(options).filter(([, value]) => value);
  return JSON.stringify([hostPath.toLowerCase(), allowedFiles?.map((file) => file.toLowerCase()), flags.sort()]);
}
