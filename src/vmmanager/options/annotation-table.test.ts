import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { allAnnotations as all, annotationTable } from "../../config/annotations/table.ts";
import { Options } from "../../generated/containerd/runhcs/v1.ts";

/** All names of hcsshim's, written down from the reference (hcsshim, 4.4), under what they begin with. */
const names: Readonly<Record<string, string>> = {
  "io.kubernetes.cri.": "container-type sandbox-id",
  "io.microsoft.container.":
    "gpu.capabilities lcow.tee-log-dir-mount lcow.tee-log-path memory.sizeinmb processdumplocation " +
    "processor.count processor.limit processor.weight storage.qos.bandwidthmaximum storage.qos.iopsmaximum " +
    "wcow.deviceextensions wcow.gmsa.disable wcow.test-registry-annotation",
  "io.microsoft.":
    "cri.skip-pod-networking cri.tenant-sandbox-id cri.virtual-pod-id disable-unsafe-operations " +
    "lcow.gpuvhdpath lcow.rlimitcore lcow.shm.size-kb migration.source-container-id migration.support-enabled " +
    "network.ncproxy network.ncproxy.containerid wcow.debug wcow.debug_data_path wcow.processdumpcount " +
    "wcow.processdumptype",
  "io.microsoft.virtualmachine.":
    "bootfilesrootpath console.pipe cpugroup.id devices.virtualpmem.maximumcount " +
    "devices.virtualpmem.maximumsizebytes disablecompartmentnamespace dump-directory-path " +
    "fileshares.disablewritable forwardlogs.defaultsources.enable forwardlogs.enable forwardlogs.sources " +
    "fullyphysicallybacked hv-socket.service-table. kerneldrivers no_security_hardware resource-partition-id " +
    "storage.scratch.encrypted storageqos.bandwidthmaximum storageqos.iopsmaximum uvm-hash-envelope-reference-info-file",
  "io.microsoft.virtualmachine.computetopology.":
    "memory.allowovercommit memory.enablecolddiscardhint memory.enabledeferredcommit memory.highmmiobaseinmb " +
    "memory.highmmiogapinmb memory.lowmmiogapinmb memory.sizeinmb numa.count-of-memory-blocks numa.count-of-processors numa.mapped-physical-nodes numa.preferred-physical-nodes processor.count processor.limit " +
    "processor.numa.max-processors-per-node processor.numa.max-size-per-node processor.weight",
  "io.microsoft.virtualmachine.lcow.":
    "amd-certificate dmverity-create-args dmverity-mode dmverity-rootfs-vhd enforcer extra-exec-command-args " +
    "extra-vsock-ports gueststatefile hcl-enabled hostnetwork kernelbootoptions kerneldirectboot " +
    "network.policybasedrouting preferredrootfstype privileged securitypolicy securitypolicy.env " +
    "timesync.disable uvm-reference-info-file vpcienabled vpmem.nomultimapping writable-overlay-directories",
  "io.microsoft.virtualmachine.wcow.":
    "additional-reg-keys amd-certificate enforcer gueststatefile isolation_type no_secure_boot securitypolicy " +
    "securitypolicy.env timezone.noinherit uvm-reference-info-file virtualSMB.nodirectmap writable_efi",
  "microsoft.com/":
    "disable-hostprocess-container hostprocess-container hostprocess-inherit-user hostprocess-rootfs-location",
};

const here = import.meta.dirname;
const folders = ["../../../test/golden/hcs", ".", "../stacks/hcs/document"].map((folder) => join(here, folder));

/** Without those that others than hcsshim know. */
const allAnnotations = all.filter((row) =>
  ["Hints of CRI", "Of a VM service", "Of containerd"].every(
    (heading) => annotationTable[heading]?.includes(row) === false,
  ),
);

/** What is tested: texts of the golden cases and of the tests beside the code. */
function testTexts(): string {
  const files = folders.flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)));
  return files
    .filter((file) => file.endsWith(".test.ts") || file.includes("golden/hcs/"))
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
}

describe("the table of annotations", () => {
  it("has all of hcsshim's, each once", () => {
    const hcsshim = Object.entries(names).flatMap(([prefix, tails]) =>
      tails.split(" ").map((tail) => `${prefix}${tail}`),
    );
    assert.deepEqual(allAnnotations.map(({ name }) => name).sort(), hcsshim.sort());
  });

  it("has a case of each", () => {
    const texts = testTexts();
    const tested = (name: string) => {
      const tails = [...name.matchAll(/[./]/g)].map(({ index }) => name.slice(index + 1));
      return [`"${name}"`, ...tails.flatMap((tail) => [`}${tail}`, `"${tail}"`])].some((form) => texts.includes(form));
    };
    assert.deepEqual(
      allAnnotations.map(({ name }) => name).filter((name) => !tested(name)),
      [],
    );
  });

  it("has a case of each runtime option", () => {
    const texts = testTexts();
    const fields = Object.keys(Options.create());
    assert.deepEqual(
      fields.filter((name) => !new RegExp(`\\b${name}\\b`).test(texts)),
      [],
    );
    assert.equal(fields.length, 20);
  });

  it("says of each what it is, in few words", () => {
    for (const { name, meaning, fallback } of all) {
      assert.ok(fallback !== "" && meaning.endsWith(".") && meaning.length < 80, name);
    }
  });
});
