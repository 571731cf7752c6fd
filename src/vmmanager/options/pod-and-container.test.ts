import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AnnotationReader } from "./annotation-reader.ts";
import { readLinuxContainer } from "./linux-container.ts";
import { readPodOptions, readPodRole } from "./pod-identity.ts";
import { wcowBootFromLayers } from "./wcow-layers.ts";

const CRI = "io.kubernetes.cri.";
const MULTI = "io.microsoft.cri.";
const L = "io.microsoft.lcow.";
const VL = "io.microsoft.virtualmachine.lcow.";
const C = "io.microsoft.container.";

const reader = (values: Readonly<Record<string, string>>, warn: (message: string) => void = assert.fail) =>
  new AnnotationReader(values, warn);

describe("a pod's annotations", () => {
  const roles: readonly (readonly [shows: string, values: Readonly<Record<string, string>>, gives: object | RegExp])[] =
    [
      ["neither: a task", {}, { kind: "task" }],
      ["a sandbox", { "container-type": "sandbox", "sandbox-id": "s" }, { kind: "sandbox", sandboxId: "s" }],
      ["a container", { "container-type": "container", "sandbox-id": "s" }, { kind: "container", sandboxId: "s" }],
      ["a type without an id", { "container-type": "sandbox" }, /container-type needs .*sandbox-id/],
      ["an id without a type", { "sandbox-id": "s" }, /sandbox-id needs .*container-type/],
      ["an unknown type", { "container-type": "vm", "sandbox-id": "s" }, /is "vm"/],
    ];
  for (const [shows, short, gives] of roles) {
    it(shows, () => {
      const values = Object.fromEntries(Object.entries(short).map(([name, value]) => [`${CRI}${name}`, value]));
      if (gives instanceof RegExp) assert.throws(() => readPodRole(reader(values)), gives);
      else assert.deepEqual(readPodRole(reader(values)), gives);
    });
  }

  it("several pods in a VM, its proxy and its migration", () => {
    const values = {
      [`${MULTI}skip-pod-networking`]: "true",
      [`${MULTI}tenant-sandbox-id`]: "t",
      [`${MULTI}virtual-pod-id`]: "v",
      "io.microsoft.network.ncproxy.containerid": "true",
      "io.microsoft.migration.source-container-id": "c0",
    };
    assert.deepEqual(readPodOptions(reader(values)), {
      skipNetworking: true,
      tenantSandbox: "t",
      virtualPod: "v",
      ncproxyKnowsContainer: true,
      migrationSource: "c0",
    });
  });
});

describe("an LCOW container's annotations", () => {
  const none = {
    ...{ privileged: false, hostNetwork: false, teeLogPath: "", teeLogMount: "", gpuCapabilities: "" },
  };
  const cases: readonly (readonly [shows: string, values: Readonly<Record<string, string>>, gives: object])[] = [
    ["none", {}, {}],
    ["privileged", { [`${VL}privileged`]: "true" }, { privileged: true }],
    ["the VM's network", { [`${VL}hostnetwork`]: "true" }, { hostNetwork: true }],
    [
      "a limit of core dumps",
      { [`${L}rlimitcore`]: "0;18446744073709551615" },
      { coreLimit: { soft: 0n, hard: 2n ** 64n - 1n } },
    ],
    ["a size of /dev/shm", { [`${L}shm.size-kb`]: "256" }, { shmKiB: 256n }],
    ["a copy of the output", { [`${C}lcow.tee-log-path`]: "dir/a.log" }, { teeLogPath: "dir/a.log" }],
    ["the folder of copies", { [`${C}lcow.tee-log-dir-mount`]: "/logs" }, { teeLogMount: "/logs" }],
    ["what its GPU must do", { [`${C}gpu.capabilities`]: "compute" }, { gpuCapabilities: "compute" }],
  ];
  for (const [shows, values, gives] of cases) {
    it(shows, () => assert.deepEqual(readLinuxContainer(reader(values)), { ...none, ...gives }));
  }

  it("a GPU's VHD is warned of", () => {
    const warnings: string[] = [];
    readLinuxContainer(reader({ [`${L}gpuvhdpath`]: "C:\\gpu.vhd" }, (message) => warnings.push(message)));
    assert.match(warnings.join(), /gpuvhdpath is passed over/);
  });

  for (const bad of ["1", "1;2;3", "1;x", "-1;2", "1,2"]) {
    it(`core limit ${bad} is refused`, () => {
      assert.throws(() => readLinuxContainer(reader({ [`${L}rlimitcore`]: bad })), /wanted SOFT;HARD/);
    });
  }
  for (const bad of ["0", "", "64k", "-1"]) {
    it(`a /dev/shm of ${JSON.stringify(bad)} is refused`, () => {
      assert.throws(() => readLinuxContainer(reader({ [`${L}shm.size-kb`]: bad })), /wanted KiB above 0/);
    });
  }
});

describe("what a WCOW VM boots from", () => {
  const folders = new Set(["C:\\l\\2\\UtilityVM", "C:\\l\\3\\UtilityVM"]);
  const layers = ["C:\\l\\1", "C:\\l\\2", "C:\\l\\3"];
  const found = {
    bootFiles: { osFolder: "C:\\l\\2\\UtilityVM\\Files", bootFolder: "\\EFI\\Microsoft\\Boot" },
    scratchVhd: "C:\\s\\vm\\sandbox.vhdx",
  };

  it("the topmost layer that has a VM, and a copy of its template", () => {
    assert.deepEqual(wcowBootFromLayers(layers, "C:\\s", { files: new Set(), folders }), {
      ...found,
      scratchTemplate: "C:\\l\\2\\UtilityVM\\SystemTemplate.vhdx",
    });
  });

  it("the disk that is there from before", () => {
    const files = new Set(["C:\\s\\vm\\sandbox.vhdx"]);
    assert.deepEqual(wcowBootFromLayers(layers, "C:\\s", { files, folders }), found);
  });

  it("no layer has a VM", () => {
    const host = { files: new Set<string>(), folders: new Set<string>() };
    assert.throws(() => wcowBootFromLayers(layers, "C:\\s", host), /none of the 3 layers has a folder UtilityVM/);
  });
});
