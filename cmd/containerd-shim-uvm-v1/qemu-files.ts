import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import type { QemuSettings } from "../../src/config/settings.ts";
import { failedPrecondition, ShimError } from "../../src/errors/shim-error.ts";
import { IMAGE_FILES, imagePlaces } from "../../src/vmmanager/image-places.ts";

const VHOST_VSOCK = "/dev/vhost-vsock";

/** What the stack `qemu` needs of this host, by absolute paths. */
export interface QemuFiles {
  readonly binary: string;
  readonly virtiofsd: string;
  readonly setpriv: string;
  /** Directory of `vmlinuz`, `initrd.cpio`, `root.erofs` and `manifest.json`. */
  readonly image: string;
}

export interface QemuHost {
  readonly platform: string;
  readonly arch: string;
  /** The shim's executable. */
  readonly program: string;
  readonly path: string;
  /** The host's device for VMs' vsock. */
  readonly vhostVsock: string;
}

export function thisHost(): QemuHost {
  const { platform, arch, execPath: program, env } = process;
  return { platform, arch, program, path: env.PATH ?? "", vhostVsock: VHOST_VSOCK };
}

/**
 * Finds them all, at the cost of a few stat(2): `start` asks before it starts anything, so that what is missing is told
 * where the operator looks, with how to mend it. Throws failed-precondition, unimplemented on another kind of host.
 */
export function findQemuFiles(settings: QemuSettings, host: QemuHost = thisHost()): QemuFiles {
  if (host.platform !== "linux" || host.arch !== "x64") {
    throw new ShimError(
      "unimplemented",
      `stack qemu runs on Linux on x86-64, this is ${host.platform} on ${host.arch}`,
    );
  }
  if (settings.channel === "vsock" && !exists(host.vhostVsock, constants.R_OK | constants.W_OK)) {
    throw failedPrecondition(
      `qemu.channel is vsock, and ${host.vhostVsock} is not there or not usable: modprobe vhost_vsock, or set ` +
        'qemu.channel = "serial" in the configuration',
    );
  }
  const program = (name: string, mend: string): string => {
    const found = findProgram(name, host.path);
    if (found !== undefined) return found;
    throw failedPrecondition(`stack qemu needs ${name}, which is not there: ${mend}`);
  };
  return {
    binary: program(settings.binary, "install QEMU (Debian: qemu-system-x86), or set qemu.binary in the configuration"),
    virtiofsd: program(
      settings.virtiofsd,
      "install it (Debian 12: qemu-system-common), or set qemu.virtiofsd in the configuration",
    ),
    setpriv: program("setpriv", "install util-linux 2.33 or later"),
    image: findImage("qemu", settings.image, host.program),
  };
}

/** As configured; else where `make install` puts it (beside the executable), or `make uvm-image` (out/uvm, and out/shim). */
export function findImage(stack: "qemu" | "remotevm", configured: string | undefined, program: string): string {
  const places = configured === undefined ? imagePlaces(program) : [configured];
  const image = places.find((place) => exists(join(place, "manifest.json")));
  if (image === undefined) {
    const where = places.join(" and ");
    throw failedPrecondition(
      `stack ${stack} has no image of the VM's guest in ${where}: run make uvm-image, or make install, or set ` +
        `${stack}.image in the configuration`,
    );
  }
  const missing = IMAGE_FILES.find((name) => !exists(join(image, name)));
  if (missing === undefined) return image;
  throw failedPrecondition(`the image of the VM's guest in ${image} has no ${missing}: run make uvm-image again`);
}

export function findProgram(name: string, path: string): string | undefined {
  const places = name.includes("/") ? [name] : path.split(":").map((directory) => join(directory, name));
  return places.find((place) => place.startsWith("/") && exists(place, constants.X_OK));
}

export function exists(path: string, mode = constants.R_OK): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
