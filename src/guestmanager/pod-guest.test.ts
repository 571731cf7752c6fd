import assert from "node:assert/strict";
import { it } from "node:test";
import { GuestEnd } from "../../test/golden/guest/guest-end.ts";
import { createWindowsPodGuest } from "./create-windows-guest.ts";

const windows = { RuntimeOsType: "Windows", GuestDefinedCapabilities: { NamespaceAddRequestSupported: true } };

it("a pod's Windows guest sends Windows' own settings, and nothing that is a Linux guest's", async () => {
  const end = new GuestEnd(windows);
  const guest = await end.connect(createWindowsPodGuest);
  assert.equal(guest.os, "windows");
  const before = end.requests.length;
  const disk = { mountPath: "/m", lun: 0, controller: 0 };
  for (const asked of [
    () => guest.addMappedVirtualDisk(disk),
    () => guest.addCombinedLayers({ containerId: "c", containerRootPath: "/r", layers: [] }),
    () => guest.addMappedDirectory({ mountPath: "/d", port: 564, shareName: "s" }),
    () => guest.addNetworkInterface({ namespaceId: "n", id: "i" }),
    () => guest.updateCgroupMemoryLimits(),
    () => guest.setProcessors(2),
  ]) {
    await assert.rejects(async () => asked(), { kind: "unimplemented" });
  }
  const linux = { ociBundlePath: "/b", ociSpecification: {} };
  await assert.rejects(guest.createContainer("c", linux), { kind: "failed-precondition", message: /Windows guest/ });
  assert.equal(end.requests.length, before);
  await guest.windows?.addMappedVirtualDisk({ containerPath: "C:\\m", lun: 3 });
  assert.match(end.requests.at(-1)?.[1] ?? "", /"ContainerPath":"C:\\\\m","Lun":3/);
  await guest.windows?.createContainer("c", { container: {} });
  assert.match(end.requests.at(-1)?.[1] ?? "", /SchemaVersion/);
  await end.close();
});
