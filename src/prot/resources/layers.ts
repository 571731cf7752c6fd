import { list, type TypeOf, text } from "../json-codec.ts";
import { field, record } from "../json-record.ts";

export const layer = record({
  id: field("Id", text, "omitempty"),
  path: field("Path", text, "omitempty"),
});
export type Layer = TypeOf<typeof layer>;

/** CombinedLayers, LCOW: an overlay at `containerRootPath`, topmost layer first; read-only without a `scratchPath`. */
export const lcowCombinedLayers = record({
  containerId: field("ContainerID", text, "omitempty"),
  containerRootPath: field("ContainerRootPath", text, "omitempty"),
  layers: field("Layers", list(layer), "omitempty"),
  scratchPath: field("ScratchPath", text, "omitempty"),
});
export type LcowCombinedLayers = TypeOf<typeof lcowCombinedLayers>;
