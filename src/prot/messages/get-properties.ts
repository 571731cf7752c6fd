import { anyObject, jsonText, list, optional, type TypeOf, text, u32 } from "../json-codec.ts";
import { field, record } from "../json-record.ts";
import { messageBaseFields, messageResponseBaseFields } from "./base.ts";

/** Which properties are asked for; unknown types are ignored. */
export const propertyQuery = record({
  propertyTypes: field("PropertyTypes", list(text), "omitempty"),
});
export type PropertyQuery = TypeOf<typeof propertyQuery>;

export const containerGetProperties = record({
  ...messageBaseFields,
  query: field("Query", jsonText(propertyQuery)),
});
export type ContainerGetProperties = TypeOf<typeof containerGetProperties>;

export const processDetails = record({ processId: field("ProcessId", u32) });
export type ProcessDetails = TypeOf<typeof processDetails>;

export const propertiesV2 = record({
  processList: field("ProcessList", list(processDetails), "omitempty"),
  /** Windows guests: the HCS schema's Statistics. */
  statistics: field("Statistics", optional(anyObject), "omitempty"),
  /** io.containerd.cgroups.v1.Metrics, whatever cgroups the guest runs. */
  metrics: field("LCOWMetrics", optional(anyObject), "omitempty"),
  /** Ours (CgroupV2MetricsSupported): io.containerd.cgroups.v2.Metrics where the guest runs v2. */
  metricsV2: field("LCOWMetricsV2", optional(anyObject), "omitempty"),
});
export type PropertiesV2 = TypeOf<typeof propertiesV2>;

/** Of protocols before V2 settings. */
export const properties = record({
  processList: field("ProcessList", list(processDetails), "omitempty"),
});
export type Properties = TypeOf<typeof properties>;

export const containerGetPropertiesResponse = record({
  ...messageResponseBaseFields,
  properties: field("Properties", jsonText(propertiesV2)),
});
export type ContainerGetPropertiesResponse = TypeOf<typeof containerGetPropertiesResponse>;
