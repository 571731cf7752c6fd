import { anyJson, list, type TypeOf, text, u8, u16, u32 } from "../../../prot/json-codec.ts";
import { field, record } from "../../../prot/json-record.ts";
import { schemaVersion } from "../../../prot/schema-version.ts";

/** What hangs in a namespace: `data` is {"ID": GUID}, of an endpoint or a container. */
const resource = record({
  type: field("Type", text),
  data: field("Data", anyJson),
});

/** A HostComputeNamespace (HNS schema 2), as HCN tells it and as a Windows guest is given it. */
export const hcnNamespace = record({
  id: field("ID", text, "omitempty"),
  /** Its number on this host; another one in a guest. */
  namespaceId: field("NamespaceId", u32, "omitempty"),
  /** Host, HostDefault, Guest or GuestDefault. */
  type: field("Type", text, "omitempty"),
  resources: field("Resources", list(resource), "omitempty"),
  schemaVersion: field("SchemaVersion", schemaVersion),
});
export type HcnNamespace = TypeOf<typeof hcnNamespace>;

const policy = record({
  type: field("Type", text),
  settings: field("Settings", anyJson, "omitempty"),
});

const health = record({
  data: field("Data", anyJson, "omitempty"),
  extra: field(
    "Extra",
    record({
      resources: field("Resources", anyJson, "omitempty"),
      sharedContainers: field("SharedContainers", anyJson, "omitempty"),
      layeredOn: field("LayeredOn", text, "omitempty"),
      switchGuid: field("SwitchGuid", text, "omitempty"),
      utilityVM: field("UtilityVM", text, "omitempty"),
      virtualMachine: field("VirtualMachine", text, "omitempty"),
    }),
  ),
});

/** A HostComputeEndpoint: what of a network a namespace is joined by. */
export const hcnEndpoint = record({
  id: field("ID", text, "omitempty"),
  name: field("Name", text, "omitempty"),
  network: field("HostComputeNetwork", text, "omitempty"),
  namespace: field("HostComputeNamespace", text, "omitempty"),
  policies: field("Policies", list(policy), "omitempty"),
  ipConfigurations: field(
    "IpConfigurations",
    list(
      record({
        ipAddress: field("IpAddress", text, "omitempty"),
        prefixLength: field("PrefixLength", u8, "omitempty"),
      }),
    ),
    "omitempty",
  ),
  dns: field(
    "Dns",
    record({
      domain: field("Domain", text, "omitempty"),
      search: field("Search", list(text), "omitempty"),
      serverList: field("ServerList", list(text), "omitempty"),
      options: field("Options", list(text), "omitempty"),
    }),
  ),
  routes: field(
    "Routes",
    list(
      record({
        nextHop: field("NextHop", text, "omitempty"),
        destinationPrefix: field("DestinationPrefix", text, "omitempty"),
        metric: field("Metric", u16, "omitempty"),
      }),
    ),
    "omitempty",
  ),
  /** "00-15-5D-52-C0-00". */
  macAddress: field("MacAddress", text, "omitempty"),
  flags: field("Flags", u32, "omitempty"),
  health: field("Health", health),
  schemaVersion: field("SchemaVersion", schemaVersion),
});
export type HcnEndpoint = TypeOf<typeof hcnEndpoint>;

/** Settings of an endpoint's policy "EncapOverhead": bytes that the network's encapsulation takes off the MTU. */
export const encapOverhead = record({ overhead: field("Overhead", u16, "omitempty") });
