import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stringifyJson } from "../../oci/json.ts";
import { type Codec, parseAt } from "../json-codec.ts";
import { containerConstraints, freezer } from "./container.ts";
import { lcowMappedVpciDevice, lcowMappedVpmemDevice } from "./devices.ts";
import { lcowCombinedLayers } from "./layers.ts";
import { processors, resume } from "./machine.ts";
import { lcowMappedDirectory } from "./mapped-directory.ts";
import { mappedSocket } from "./mapped-socket.ts";
import { lcowNetworkAdapter } from "./network.ts";
import { lcowMappedVirtualDisk, scsiDevice } from "./scsi.ts";
import { confidentialOptions, securityPolicyFragment } from "./security-policy.ts";

/** Settings written by hand from the table of guest resources (reference: hcsshim, guest resources). */
function golden<T, Init>(title: string, codec: Codec<T, Init>, wire: string, value: Init): void {
  it(title, () => {
    assert.equal(stringifyJson(codec.encode(value)), wire);
    // Encoding what was decoded gives the same text: nothing was lost on the way in.
    assert.equal(stringifyJson(codec.encode(codec.decode(parseAt(wire, title), title) as unknown as Init)), wire);
  });
}

describe("golden guest resources", () => {
  golden("MappedVirtualDisk, disk 0 of controller 0", lcowMappedVirtualDisk, '{"MountPath":"/run/m/0"}', {
    mountPath: "/run/m/0",
    lun: 0,
    controller: 0,
    readOnly: false,
  });
  golden(
    "MappedVirtualDisk with everything",
    lcowMappedVirtualDisk,
    '{"MountPath":"/m","Lun":63,"Controller":3,"Partition":18446744073709551615,"ReadOnly":true,"Encrypted":true,"Options":["ro"],"BlockDev":true,"VerityInfo":{"Ext4SizeInBytes":4096,"Version":1,"Algorithm":"sha256","SuperBlock":true,"RootDigest":"ab","Salt":"cd","BlockSize":4096},"EnsureFilesystem":true,"Filesystem":"xfs"}',
    {
      mountPath: "/m",
      lun: 63,
      controller: 3,
      partition: 18446744073709551615n,
      readOnly: true,
      encrypted: true,
      options: ["ro"],
      blockDev: true,
      verityInfo: {
        ext4SizeInBytes: 4096n,
        version: 1,
        algorithm: "sha256",
        superBlock: true,
        rootDigest: "ab",
        salt: "cd",
        blockSize: 4096,
      },
      ensureFilesystem: true,
      filesystem: "xfs",
    },
  );
  golden("SCSIDevice", scsiDevice, '{"Lun":5}', { controller: 0, lun: 5 });
  golden("MappedDirectory", lcowMappedDirectory, '{"MountPath":"/d","Port":564,"ShareName":"s","ReadOnly":true}', {
    mountPath: "/d",
    port: 564,
    shareName: "s",
    readOnly: true,
  });
  golden(
    "CombinedLayers",
    lcowCombinedLayers,
    '{"ContainerID":"c1","ContainerRootPath":"/run/c1/rootfs","Layers":[{"Id":"0","Path":"/run/l/0"},{"Path":"/run/l/1"}],"ScratchPath":"/run/c1/scratch"}',
    {
      containerId: "c1",
      containerRootPath: "/run/c1/rootfs",
      layers: [{ id: "0", path: "/run/l/0" }, { path: "/run/l/1" }],
      scratchPath: "/run/c1/scratch",
    },
  );
  golden(
    "VPMemDevice",
    lcowMappedVpmemDevice,
    '{"DeviceNumber":3,"MountPath":"/l","MappingInfo":{"DeviceSizeInBytes":4096}}',
    { deviceNumber: 3, mountPath: "/l", mappingInfo: { deviceOffsetInBytes: 0n, deviceSizeInBytes: 4096n } },
  );
  golden("VPCIDevice", lcowMappedVpciDevice, '{"VMBusGUID":"g"}', { vmBusGuid: "g" });
  golden(
    "Network",
    lcowNetworkAdapter,
    '{"NamespaceID":"n","ID":"i","MacAddress":"00-15-5D-00-00-01","DNSSuffix":"a.example,b.example","DNSServerList":"10.0.0.2","EncapOverhead":50,"VPCIAssigned":true,"IPConfigs":[{"IPAddress":"10.0.0.5","PrefixLength":24}],"Routes":[{"NextHop":"10.0.0.1","DestinationPrefix":"0.0.0.0/0","Metric":10}],"PolicyBasedRouting":true,"EnableLowMetric":true,"InterfaceName":"net1","MTU":1400,"Neighbors":[{"IPAddress":"10.0.0.1","MacAddress":"00-15-5D-00-00-02"}]}',
    {
      namespaceId: "n",
      id: "i",
      macAddress: "00-15-5D-00-00-01",
      dnsSuffix: "a.example,b.example",
      dnsServerList: "10.0.0.2",
      encapOverhead: 50,
      vpciAssigned: true,
      ipConfigs: [{ ipAddress: "10.0.0.5", prefixLength: 24 }],
      routes: [{ nextHop: "10.0.0.1", destinationPrefix: "0.0.0.0/0", metric: 10 }],
      policyBasedRouting: true,
      enableLowMetric: true,
      interfaceName: "net1",
      mtu: 1400,
      neighbors: [{ ipAddress: "10.0.0.1", macAddress: "00-15-5D-00-00-02" }],
    },
  );
  golden(
    "ContainerConstraints",
    containerConstraints,
    '{"Windows":{},"Linux":{"memory":{"limit":9223372036854775807}}}',
    {
      linux: { memory: { limit: 9223372036854775807n } },
    },
  );
  golden("Freezer (ours)", freezer, '{"State":"Frozen"}', { state: "Frozen" });
  golden("Resume (ours)", resume, '{"UnixNanoseconds":1795268400000000001,"Entropy":"AQI="}', {
    unixNanoseconds: 1795268400000000001n,
    entropy: "AQI=",
  });
  golden("MappedSocket (ours)", mappedSocket, '{"Path":"/run/mounts/m0","Port":1610612736,"Mode":432,"Gid":5}', {
    ...{ path: "/run/mounts/m0", port: 0x6000_0000, mode: 0o660, gid: 5 },
  });
  golden("Processors (ours)", processors, '{"Count":4}', { count: 4 });
  golden(
    "SecurityPolicy",
    confidentialOptions,
    '{"EnforcerType":"rego","EncodedSecurityPolicy":"p","EncodedUVMReference":"r","EncodedUVMHashEnvelopeReference":"h"}',
    {
      enforcerType: "rego",
      encodedSecurityPolicy: "p",
      encodedUvmReference: "r",
      encodedUvmHashEnvelopeReference: "h",
    },
  );
  golden("SecurityPolicyFragment", securityPolicyFragment, '{"Fragment":"f","MediaType":"m"}', {
    fragment: "f",
    mediaType: "m",
  });
});
