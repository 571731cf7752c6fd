import type { WindowsGuest } from "../../../src/guestmanager/create-windows-guest.ts";
import { type GuestCase, modified } from "./case.ts";

const NIC = "c6b0d2a8-0d3a-4b6e-9b0e-0123456789ab";
const nothing = '"Dns":{},"Health":{"Extra":{}},"SchemaVersion":{"Major":0,"Minor":0}';

export const wcowNetwork: readonly GuestCase<WindowsGuest>[] = [
  {
    shows: "NetworkNamespace Add",
    send: (guest) =>
      guest.addNetworkNamespace({
        ...{ id: "ns", namespaceId: 7, type: "Guest", schemaVersion: { major: 2, minor: 0 } },
        resources: [
          { type: "Endpoint", data: { ID: "e" } },
          { type: "Container", data: { ID: "c" } },
        ],
      }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"NetworkNamespace","Settings":{"ID":"ns","NamespaceId":7,"Type":"Guest","Resources":[{"Type":"Endpoint","Data":{"ID":"e"}},{"Type":"Container","Data":{"ID":"c"}}],"SchemaVersion":{"Major":2,"Minor":0}}}',
    ),
  },
  {
    shows: "NetworkNamespace Add: by its id alone; the schema's version stays, zero",
    send: (guest) => guest.addNetworkNamespace({ id: "ns" }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"NetworkNamespace","Settings":{"ID":"ns","SchemaVersion":{"Major":0,"Minor":0}}}',
    ),
  },
  {
    shows: "NetworkNamespace Remove",
    send: (guest) => guest.removeNetworkNamespace({ id: "ns", schemaVersion: { major: 2, minor: 0 } }),
    wire: modified(
      '{"RequestType":"Remove","ResourceType":"NetworkNamespace","Settings":{"ID":"ns","SchemaVersion":{"Major":2,"Minor":0}}}',
    ),
  },
  {
    shows: "Network Add, PreAdd: all that an endpoint may have",
    send: (guest) =>
      guest.addNetworkInterface(NIC, "PreAdd", {
        ...{ id: "e", name: "eth", hostComputeNetwork: "net", hostComputeNamespace: "ns", flags: 1 },
        policies: [{ type: "OutBoundNAT", settings: { Exceptions: ["10.0.0.0/8"] } }, { type: "L4Proxy" }],
        ipConfigurations: [{ ipAddress: "10.0.0.5", prefixLength: 24 }],
        dns: { domain: "d.example", search: ["s.example"], serverList: ["10.0.0.2"], options: ["ndots:5"] },
        routes: [{ nextHop: "10.0.0.1", destinationPrefix: "0.0.0.0/0", metric: 256 }],
        macAddress: "00-15-5D-01-02-03",
        health: { data: { LastErrorCode: 0 }, extra: { switchGuid: "sw" } },
        schemaVersion: { major: 2, minor: 0 },
      }),
    wire: modified(
      `{"RequestType":"Add","ResourceType":"Network","Settings":{"AdapterId":"${NIC}","RequestType":"PreAdd","Settings":{"ID":"e","Name":"eth","HostComputeNetwork":"net","HostComputeNamespace":"ns","Policies":[{"Type":"OutBoundNAT","Settings":{"Exceptions":["10.0.0.0/8"]}},{"Type":"L4Proxy"}],"IpConfigurations":[{"IpAddress":"10.0.0.5","PrefixLength":24}],"Dns":{"Domain":"d.example","Search":["s.example"],"ServerList":["10.0.0.2"],"Options":["ndots:5"]},"Routes":[{"NextHop":"10.0.0.1","DestinationPrefix":"0.0.0.0/0","Metric":256}],"MacAddress":"00-15-5D-01-02-03","Flags":1,"Health":{"Data":{"LastErrorCode":0},"Extra":{"SwitchGuid":"sw"}},"SchemaVersion":{"Major":2,"Minor":0}}}}`,
    ),
  },
  {
    shows: "Network Add, PreAdd: an endpoint by its id alone; its structs stay, empty",
    send: (guest) => guest.addNetworkInterface(NIC, "PreAdd", { id: "e" }),
    wire: modified(
      `{"RequestType":"Add","ResourceType":"Network","Settings":{"AdapterId":"${NIC}","RequestType":"PreAdd","Settings":{"ID":"e",${nothing}}}}`,
    ),
  },
  {
    shows: "Network Add, Add: no endpoint is null",
    send: (guest) => guest.addNetworkInterface(NIC, "Add"),
    wire: modified(
      `{"RequestType":"Add","ResourceType":"Network","Settings":{"AdapterId":"${NIC}","RequestType":"Add","Settings":null}}`,
    ),
  },
  {
    shows: "Network Remove",
    send: (guest) => guest.removeNetworkInterface(NIC, "Remove"),
    wire: modified(
      `{"RequestType":"Remove","ResourceType":"Network","Settings":{"AdapterId":"${NIC}","RequestType":"Remove","Settings":null}}`,
    ),
  },
];
