import { win32 } from "node:path";
import { notFound } from "../../errors/shim-error.ts";
import type { HostFacts } from "./host-facts.ts";
import type { WcowBootFiles } from "./wcow.ts";

/** What a WCOW VM boots from, and its disk: a copy of the layer's template, unless it is there from before. */
export interface WcowLayers {
  readonly bootFiles: WcowBootFiles;
  readonly scratchVhd: string;
  readonly scratchTemplate?: string;
}

/**
 * From the layers of an image, the topmost first, and the folder of the container's own layer. The topmost that has a VM
 * counts. Throws not-found where none has.
 */
export function wcowBootFromLayers(
  layers: readonly string[],
  scratchFolder: string,
  { files, folders }: Pick<HostFacts, "files" | "folders">,
): WcowLayers {
  const layer = layers.find((folder) => folders.has(win32.join(folder, "UtilityVM")));
  if (layer === undefined) throw notFound(`none of the ${layers.length} layers has a folder UtilityVM`);
  // Beside it, sandbox.vhdx is the container's.
  const scratchVhd = win32.join(scratchFolder, "vm", "sandbox.vhdx");
  return {
    bootFiles: { osFolder: win32.join(layer, "UtilityVM", "Files"), bootFolder: "\\EFI\\Microsoft\\Boot" },
    scratchVhd,
    ...(files.has(scratchVhd) ? {} : { scratchTemplate: win32.join(layer, "UtilityVM", "SystemTemplate.vhdx") }),
  };
}
