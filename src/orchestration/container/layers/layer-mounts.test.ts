import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Spec } from "../../../oci/spec.ts";
import type { Mount } from "../../events.ts";
import { isLcowRootfs, readLcowLayers, readWcowLayers } from "./layer-mounts.ts";

const mount = (type: string, source: string, ...options: string[]): Mount => ({ type, source, target: "", options });
const spec = (...layerFolders: string[]): Spec => ({
  ociVersion: "1.1.0",
  ...(layerFolders.length > 0 && { windows: { layerFolders } }),
});
const parents = (...paths: string[]): string => `parentLayerPaths=${JSON.stringify(paths)}`;

const lcow: readonly [name: string, mounts: readonly Mount[], spec: Spec, wanted: object][] = [
  [
    "lcow-layer",
    [mount("lcow-layer", "C:\\s\\3", "rw", parents("C:\\s\\2", "C:\\s\\1"))],
    spec(),
    {
      layers: [
        { hostPath: "C:\\s\\2\\layer.vhd", partition: 0 },
        { hostPath: "C:\\s\\1\\layer.vhd", partition: 0 },
      ],
      scratch: "C:\\s\\3\\sandbox.vhdx",
    },
  ],
  [
    "lcow-layer without parents",
    [mount("lcow-layer", "C:\\s\\3")],
    spec(),
    { layers: [], scratch: "C:\\s\\3\\sandbox.vhdx" },
  ],
  [
    "windows.layerFolders, the container's own last",
    [],
    spec("C:\\s\\2", "C:\\s\\1", "C:\\s\\3"),
    {
      layers: [
        { hostPath: "C:\\s\\2\\layer.vhd", partition: 0 },
        { hostPath: "C:\\s\\1\\layer.vhd", partition: 0 },
      ],
      scratch: "C:\\s\\3\\sandbox.vhdx",
    },
  ],
  [
    "lcow-partitioned-layer",
    [
      mount(
        "lcow-partitioned-layer",
        "",
        "scratch=D:\\x.vhdx",
        'parent-partitioned-layers=[{"Path":"D:\\\\all.vhd","Partition":2},{"Path":"D:\\\\one.vhd"}]',
      ),
    ],
    spec(),
    {
      layers: [
        { hostPath: "D:\\all.vhd", partition: 2 },
        { hostPath: "D:\\one.vhd", partition: 0 },
      ],
      scratch: "D:\\x.vhdx",
    },
  ],
];

const wcow: readonly [name: string, mounts: readonly Mount[], spec: Spec, wanted: object][] = [
  [
    "windows-layer",
    [mount("windows-layer", "C:\\s\\3", parents("C:\\s\\2", "C:\\s\\1"))],
    spec(),
    { layers: ["C:\\s\\2", "C:\\s\\1"], scratchFolder: "C:\\s\\3" },
  ],
  ["windows.layerFolders", [], spec("C:\\s\\2", "C:\\s\\3"), { layers: ["C:\\s\\2"], scratchFolder: "C:\\s\\3" }],
];

type Refusal = readonly [name: string, mounts: readonly Mount[], spec: Spec, kind: string, message: RegExp];
const both = (type: string): readonly Refusal[] => [
  ["nothing", [], spec(), "failed-precondition", /no root file system/],
  ["one folder", [], spec("C:\\s\\3"), "failed-precondition", /has one folder/],
  ["a mount and folders", [mount(type, "C:\\3")], spec("C:\\1", "C:\\3"), "failed-precondition", /twice/],
  ["two mounts", [mount(type, "C:\\3"), mount(type, "C:\\4")], spec(), "failed-precondition", /of 2 mounts/],
  ["a target", [{ ...mount(type, "C:\\3"), target: "/x" }], spec(), "failed-precondition", /has the target \/x/],
  ["another type", [mount("overlay", "C:\\3")], spec(), "invalid-argument", /type overlay is none of a/],
  [
    "parents that are not JSON",
    [mount(type, "C:\\3", "parentLayerPaths=[")],
    spec(),
    "invalid-argument",
    /is not JSON/,
  ],
  [
    "parents that are no list",
    [mount(type, "C:\\3", 'parentLayerPaths="x"')],
    spec(),
    "invalid-argument",
    /no list of/,
  ],
  ["an empty parent", [mount(type, "C:\\3", parents(""))], spec(), "invalid-argument", /no list of paths/],
  [
    "folders that are no texts",
    [],
    { ociVersion: "1", windows: { layerFolders: [1, 2] } },
    "invalid-argument",
    /windows.layerFolders is no list/,
  ],
];
const partition = (...options: string[]): readonly Mount[] => [mount("lcow-partitioned-layer", "", ...options)];
const partitions = (value: unknown): string => `parent-partitioned-layers=${JSON.stringify(value)}`;
const onlyLcow: readonly Refusal[] = [
  ["an option that is not known", partition("scratch=x", "rw"), spec(), "invalid-argument", /unknown option rw/],
  ["no scratch", partition(partitions([])), spec(), "invalid-argument", /has no scratch/],
  ["partitions that are no list", partition(partitions({})), spec(), "invalid-argument", /is no list/],
  ["a layer that is no object", partition(partitions([1])), spec(), "invalid-argument", /\[0\] is no object/],
  ["a layer without a path", partition(partitions([{ Partition: 1 }])), spec(), "invalid-argument", /has no Path/],
  [
    "half a partition",
    partition(partitions([{ Path: "x", Partition: 1.5 }])),
    spec(),
    "invalid-argument",
    /Partition 1.5/,
  ],
  [
    "a partition before the first",
    partition(partitions([{ Path: "x", Partition: -1 }])),
    spec(),
    "invalid-argument",
    /-1/,
  ],
  ["a Windows layer", [mount("windows-layer", "C:\\3")], spec(), "invalid-argument", /none of a Linux container/],
];

describe("layers of a Linux container on Windows", () => {
  for (const [name, mounts, given, wanted] of lcow) {
    it(`are read of ${name}`, () => {
      assert.deepEqual(readLcowLayers(mounts, given), wanted);
      assert.equal(isLcowRootfs(mounts, given), true);
    });
  }
  for (const [name, mounts, given, kind, message] of [...both("lcow-layer"), ...onlyLcow]) {
    it(`are not read of ${name}`, () => assert.throws(() => readLcowLayers(mounts, given), { kind, message }));
  }

  it("are not taken for other mounts' containers", () => {
    assert.equal(isLcowRootfs([], spec()), false);
    assert.equal(isLcowRootfs([mount("overlay", "overlay")], spec("C:\\1", "C:\\2")), false);
  });
});

describe("layers of a Windows container", () => {
  for (const [name, mounts, given, wanted] of wcow) {
    it(`are read of ${name}`, () => assert.deepEqual(readWcowLayers(mounts, given), wanted));
  }
  for (const [name, mounts, given, kind, message] of both("windows-layer")) {
    it(`are not read of ${name}`, () => assert.throws(() => readWcowLayers(mounts, given), { kind, message }));
  }
});
