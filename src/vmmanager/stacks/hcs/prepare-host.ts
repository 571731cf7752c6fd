import { assertNever, unimplemented } from "../../../errors/shim-error.ts";
import type { ComputeCore } from "./computecore/compute-core.ts";
import type { HostWork } from "./document/host-work.ts";
import type { HostFiles } from "./host-files.ts";

export interface HostPorts {
  readonly core: Pick<ComputeCore, "grantVmAccess">;
  readonly files: HostFiles;
}

/** Does what a document needs of the host, in order. What it makes ends with the VM's state directory, or its layers'. */
export async function prepareHost(
  { core, files }: HostPorts,
  systemId: string,
  works: readonly HostWork[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const work of works) {
    signal?.throwIfAborted();
    switch (work.do) {
      case "copy":
        await files.copy(work.from, work.to);
        break;
      case "make-folder":
        await files.makeFolder(work.path);
        break;
      case "grant-vm-access":
        core.grantVmAccess(systemId, work.path);
        break;
      case "grant-vm-group-access":
        await files.grantVmGroupAccess(work.path);
        break;
      case "set-disk-identifier":
        // Of confidential VMs with a Windows guest alone.
        throw unimplemented(`the identifier of disk ${work.path} can't be set`);
      default:
        assertNever(work);
    }
  }
}
