import type { Guest } from "../../../guestmanager/guest.ts";
import type { WcowLayersManager } from "../../../guestmanager/wcow/layers.ts";
import type { Spec } from "../../../oci/spec.ts";
import type { VmDevices } from "../../device/devices.ts";

/** What a Windows container asks of the running VM that holds it. */
export interface WindowsVm {
  readonly guest: Pick<WcowLayersManager, "addCombinedLayers" | "removeCombinedLayers"> &
    Pick<Guest<never>, "createProcess">;
  readonly devices: Pick<VmDevices, "scsi" | "vsmb" | "pipes">;
}

/** And of its host. */
export interface WindowsHost {
  /** HCS's NameToGuid of a layer folder's name: HCS knows a layer by that. */
  layerId(name: string): string;
  /** The HCS schema's container, encoded, as the guest is given it. */
  container(id: string, spec: Spec, storage: WindowsStorage): object;
}

/** What was brought into the VM for one container. */
export interface WindowsStorage {
  readonly rootPath: string;
  /** The topmost first. */
  readonly layers: readonly { readonly id: string; readonly path: string }[];
  readonly mappedDirectories: readonly {
    readonly hostPath: string;
    readonly containerPath: string;
    readonly readOnly: boolean;
  }[];
  readonly mappedPipes: readonly { readonly hostPath: string; readonly containerPipeName: string }[];
}
