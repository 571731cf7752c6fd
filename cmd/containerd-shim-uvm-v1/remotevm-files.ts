import { join } from "node:path";
import type { RemotevmSettings } from "../../src/config/settings.ts";
import { failedPrecondition, ShimError } from "../../src/errors/shim-error.ts";
import type { ServiceSource } from "../../src/vmmanager/stacks/remotevm/stack.ts";
import { exists, findImage, findProgram, type QemuHost, thisHost } from "./qemu-files.ts";

/** What the stack `remotevm` needs of this host, by absolute paths. */
export interface RemotevmFiles {
  readonly service: ServiceSource;
  readonly setpriv: string;
  readonly kernel: string;
  readonly initrd: string;
  readonly root: string;
}

/** As findQemuFiles. Whether somebody serves at an address shows when a VM is made. */
export function findRemotevmFiles(settings: RemotevmSettings, host: QemuHost = thisHost()): RemotevmFiles {
  if (host.platform !== "linux" || host.arch !== "x64") {
    throw new ShimError(
      "unimplemented",
      `stack remotevm runs on Linux on x86-64, this is ${host.platform} on ${host.arch}`,
    );
  }
  const program = (name: string, mend: string): string => {
    const found = findProgram(name, host.path);
    if (found !== undefined) return found;
    throw failedPrecondition(`stack remotevm needs ${name}, which is not there: ${mend}`);
  };
  const { address, arguments: more } = settings;
  const { kernel, initrd, root } = settings;
  const image =
    kernel === undefined || initrd === undefined || root === undefined
      ? findImage("remotevm", settings.image, host.program)
      : "";
  const file = (configured: string | undefined, name: string): string => {
    const path = configured ?? join(image, name);
    if (exists(path)) return path;
    throw failedPrecondition(`stack remotevm cannot read ${path}: correct the path in [remotevm] of the configuration`);
  };
  return {
    service:
      address !== undefined
        ? { address }
        : {
            binary: program(
              settings.service,
              "install it, or set remotevm.service in the configuration to OpenVMM or another VM service",
            ),
            arguments: more,
          },
    setpriv: program("setpriv", "install util-linux 2.33 or later"),
    kernel: file(kernel, "vmlinuz"),
    initrd: file(initrd, "initrd.cpio"),
    root: file(root, "root.erofs"),
  };
}
