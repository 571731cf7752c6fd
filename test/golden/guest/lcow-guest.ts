import type { LinuxGuest } from "../../../src/guestmanager/create-guest.ts";
import { type GuestCase, modified, TYPE, toContainer } from "./case.ts";

const document = { ociBundlePath: "/b", ociSpecification: {} };

export const lcowGuest: readonly GuestCase<LinuxGuest>[] = [
  {
    shows: "Network Add: all that an adapter may have",
    send: (guest) =>
      guest.addNetworkInterface({
        ...{ namespaceId: "ns", id: "nic", macAddress: "00-15-5D-01-02-03", vpciAssigned: true },
        ...{ dnsSuffix: "a.example,b.example", dnsServerList: "10.0.0.2,10.0.0.3", encapOverhead: 50 },
        ipConfigs: [{ ipAddress: "10.0.0.5", prefixLength: 24 }],
        routes: [{ nextHop: "10.0.0.1", destinationPrefix: "0.0.0.0/0", metric: 256 }],
        ...{ policyBasedRouting: true, enableLowMetric: true },
      }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"Network","Settings":{"NamespaceID":"ns","ID":"nic","MacAddress":"00-15-5D-01-02-03","DNSSuffix":"a.example,b.example","DNSServerList":"10.0.0.2,10.0.0.3","EncapOverhead":50,"VPCIAssigned":true,"IPConfigs":[{"IPAddress":"10.0.0.5","PrefixLength":24}],"Routes":[{"NextHop":"10.0.0.1","DestinationPrefix":"0.0.0.0/0","Metric":256}],"PolicyBasedRouting":true,"EnableLowMetric":true}}',
    ),
  },
  {
    shows: "Network Add: an adapter by its id alone, for DHCP",
    send: (guest) => guest.addNetworkInterface({ namespaceId: "ns", id: "nic", ipConfigs: [], routes: [] }),
    wire: modified('{"RequestType":"Add","ResourceType":"Network","Settings":{"NamespaceID":"ns","ID":"nic"}}'),
  },
  {
    shows: "Network Add: both families; a metric of 0 and a prefix of 0 are not on the wire",
    send: (guest) =>
      guest.addNetworkInterface({
        ...{ namespaceId: "ns", id: "nic" },
        ipConfigs: [
          { ipAddress: "10.0.0.5", prefixLength: 0 },
          { ipAddress: "fd00::5", prefixLength: 128 },
        ],
        routes: [{ nextHop: "fd00::1", destinationPrefix: "::/0", metric: 0 }],
      }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"Network","Settings":{"NamespaceID":"ns","ID":"nic","IPConfigs":[{"IPAddress":"10.0.0.5"},{"IPAddress":"fd00::5","PrefixLength":128}],"Routes":[{"NextHop":"fd00::1","DestinationPrefix":"::/0"}]}}',
    ),
  },
  {
    shows: "Network Remove",
    send: (guest) => guest.removeNetworkInterface({ namespaceId: "ns", id: "nic" }),
    wire: modified('{"RequestType":"Remove","ResourceType":"Network","Settings":{"NamespaceID":"ns","ID":"nic"}}'),
  },
  {
    shows: "PodCgroupMemoryLimit Update: no settings at all",
    send: (guest) => guest.updateCgroupMemoryLimits(),
    wire: modified('{"RequestType":"Update","ResourceType":"PodCgroupMemoryLimit"}'),
  },
  {
    shows: "SecurityPolicy Add",
    send: (guest) =>
      guest.addSecurityPolicy({
        ...{ enforcerType: "rego", encodedSecurityPolicy: "cGFja2FnZQ==", encodedUvmReference: "dXZt" },
        encodedUvmHashEnvelopeReference: "aGFzaA==",
      }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"SecurityPolicy","Settings":{"EnforcerType":"rego","EncodedSecurityPolicy":"cGFja2FnZQ==","EncodedUVMReference":"dXZt","EncodedUVMHashEnvelopeReference":"aGFzaA=="}}',
    ),
  },
  {
    shows: "SecurityPolicy Add: none",
    send: (guest) => guest.addSecurityPolicy({}),
    wire: modified('{"RequestType":"Add","ResourceType":"SecurityPolicy","Settings":{}}'),
  },
  {
    shows: "SecurityPolicyFragment Add, by its default type",
    send: (guest) => guest.injectPolicyFragment({ fragment: "Zg==" }),
    wire: modified('{"RequestType":"Add","ResourceType":"SecurityPolicyFragment","Settings":{"Fragment":"Zg=="}}'),
  },
  {
    shows: "SecurityPolicyFragment Add, of a type",
    send: (guest) => guest.injectPolicyFragment({ fragment: "Zg==", mediaType: "application/cose-x509+rego" }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"SecurityPolicyFragment","Settings":{"Fragment":"Zg==","MediaType":"application/cose-x509+rego"}}',
    ),
  },
  {
    shows: "ContainerConstraints Update, on a container: a 64-bit limit, and the empty struct for Windows",
    async send(guest) {
      const container = guest.openContainer("c1", { initPid: 5 });
      await container.updateResources({ memory: { limit: 9223372036854771712n }, cpu: { shares: 512n } });
    },
    wire: [
      toContainer(
        TYPE.modifySettings,
        ',"Request":{"RequestType":"Update","ResourceType":"ContainerConstraints","Settings":{"Windows":{},"Linux":{"memory":{"limit":9223372036854771712},"cpu":{"shares":512}}}}',
      ),
    ],
  },
  {
    shows: "Create: settings V2 in a string, the spec's 64-bit integers and HTML as they are",
    send: (guest) =>
      guest.createContainer("c1", {
        ociBundlePath: "/run/gcs/pods/p/c1",
        ociSpecification: { ociVersion: "1.1.0", process: { args: ["a<b>&c", 'q"q'] }, n: 9223372036854771712n },
        scratchDirPath: "/run/mounts/scsi/m0/c1",
      }),
    wire: [
      toContainer(
        TYPE.create,
        `,"ContainerConfig":"{\\"SchemaVersion\\":{\\"Major\\":2,\\"Minor\\":1},\\"OciBundlePath\\":\\"/run/gcs/pods/p/c1\\",\\"OciSpecification\\":{\\"ociVersion\\":\\"1.1.0\\",\\"process\\":{\\"args\\":[\\"a<b>&c\\",\\"q\\\\\\"q\\"]},\\"n\\":9223372036854771712},\\"ScratchDirPath\\":\\"/run/mounts/scsi/m0/c1\\"}"`,
      ),
    ],
  },
  {
    shows: "Create: an empty scratch path is written",
    send: (guest) => guest.createContainer("c1", document),
    wire: [
      toContainer(
        TYPE.create,
        ',"ContainerConfig":"{\\"SchemaVersion\\":{\\"Major\\":2,\\"Minor\\":1},\\"OciBundlePath\\":\\"/b\\",\\"OciSpecification\\":{},\\"ScratchDirPath\\":\\"\\"}"',
      ),
    ],
  },
];
