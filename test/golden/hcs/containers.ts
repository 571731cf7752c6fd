import type { ErrorKind } from "../../../src/errors/shim-error.ts";
import type { Json } from "./case.ts";

/** Cases of one container: its annotations and spec, and what the reference (hcsshim, 4.3 and 4.4) makes of them. */
export interface ContainerCase {
  readonly shows: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly windows?: object;
  readonly vmProcessors?: number;
  readonly scaleLimit?: boolean;
  readonly vmDumpLocation?: string;
  /** Members of the container's document that differ from the base; null: none. */
  readonly gives?: Readonly<Record<string, Json | null>>;
  readonly warns?: RegExp;
  readonly refuses?: readonly [kind: ErrorKind, message: RegExp];
}

const C = "io.microsoft.container.";
const DUMPS = "Microsoft\\Windows\\Windows Error Reporting\\LocalDumps";

const text = (Hive: string, key: string, Name: string, StringValue: string): Json => ({
  ...{ Key: { Hive, Name: key }, Name, Type: "String", StringValue },
});
const patience = text("System", "ControlSet001\\Control", "WaitToKillServiceTimeout", "2147483647");

export const containerBase: Readonly<Record<string, Json>> = {
  Storage: { Layers: [{ Id: "layer-1", Path: "C:\\layers\\1" }], Path: "C:\\c\\root" },
  Processor: {},
  RegistryChanges: { AddValues: [patience] },
};

const dumps = (folder: string, type: number, count: number): Readonly<Record<string, Json>> => ({
  RegistryChanges: {
    AddValues: [
      patience,
      text("Software", DUMPS, "DumpFolder", folder),
      ...(
        [
          ["DumpType", type],
          ["DumpCount", count],
        ] as const
      ).map(([Name, DWordValue]) => ({
        ...{ Key: { Hive: "Software", Name: DUMPS }, Name, Type: "DWord", DWordValue },
      })),
    ],
  },
});
const folder = { [`${C}processdumplocation`]: "C:\\d" };
const invalid = (message: RegExp) => ["invalid-argument", message] as const;

export const windowsContainers: readonly ContainerCase[] = [
  { shows: "a container of which nothing is said" },
  { shows: "memory", annotations: { [`${C}memory.sizeinmb`]: "513" }, gives: { Memory: { SizeInMB: 513 } } },
  {
    shows: "memory of the spec, in MiB",
    windows: { resources: { memory: { limit: 537919488 } } },
    gives: { Memory: { SizeInMB: 513 } },
  },
  {
    shows: "the annotation of memory goes over the spec",
    annotations: { [`${C}memory.sizeinmb`]: "100" },
    windows: { resources: { memory: { limit: 537919488 } } },
    gives: { Memory: { SizeInMB: 100 } },
  },
  { shows: "processors", annotations: { [`${C}processor.count`]: "2" }, gives: { Processor: { Count: 2 } } },
  {
    shows: "no more processors than the VM has",
    annotations: { [`${C}processor.count`]: "5" },
    gives: { Processor: { Count: 4 } },
    warns: /4 processors instead of 5/,
  },
  { shows: "a limit", annotations: { [`${C}processor.limit`]: "5000" }, gives: { Processor: { Maximum: 5000 } } },
  {
    shows: "a limit beyond all processors is passed over",
    annotations: { [`${C}processor.limit`]: "10001" },
    warns: /limit is "10001"/,
  },
  { shows: "a weight", annotations: { [`${C}processor.weight`]: "300" }, gives: { Processor: { Weight: 300 } } },
  {
    shows: "processors and a limit",
    annotations: { [`${C}processor.count`]: "2", [`${C}processor.limit`]: "5000" },
    refuses: invalid(/processors 2, limit 5000 and weight 0: set one/),
  },
  {
    shows: "a limit, and a weight of the spec",
    annotations: { [`${C}processor.limit`]: "5000" },
    windows: { resources: { cpu: { shares: 100 } } },
    refuses: invalid(/limit 5000 and weight 100/),
  },
  {
    shows: "a limit reckoned by the host's 8 processors, in a VM of 4",
    annotations: { [`${C}processor.limit`]: "2500" },
    scaleLimit: true,
    gives: { Processor: { Maximum: 5000 } },
  },
  {
    shows: "a limit that is all of a small VM",
    annotations: { [`${C}processor.limit`]: "9000" },
    ...{ scaleLimit: true, vmProcessors: 2 },
    gives: { Processor: { Maximum: 10000 } },
  },
  {
    shows: "a limit that would be none in a big VM",
    annotations: { [`${C}processor.limit`]: "1" },
    ...{ scaleLimit: true, vmProcessors: 16 },
    gives: { Processor: { Maximum: 1 } },
  },
  {
    shows: "limits of its disks",
    annotations: { [`${C}storage.qos.bandwidthmaximum`]: "7", [`${C}storage.qos.iopsmaximum`]: "9" },
    gives: { Storage: { ...(containerBase.Storage as object), QoS: { BandwidthMaximum: 7, IopsMaximum: 9 } } },
  },
  { shows: "dumps: ten, full", annotations: folder, gives: dumps("C:\\d", 2, 10) },
  {
    shows: "three small dumps",
    annotations: { ...folder, "io.microsoft.wcow.processdumptype": "mini", "io.microsoft.wcow.processdumpcount": "3" },
    gives: dumps("C:\\d", 1, 3),
  },
  { shows: "dumps where its VM has them", vmDumpLocation: "C:\\vm", gives: dumps("C:\\vm", 2, 10) },
  {
    shows: "dumps of its own go over its VM's",
    ...{ vmDumpLocation: "C:\\vm", annotations: folder },
    gives: dumps("C:\\d", 2, 10),
  },
  ...["{container_id}", "{CONTAINER_ID}"].map((end) => ({
    shows: `dumps in a folder of its own: ${end}`,
    annotations: { [`${C}processdumplocation`]: `C:\\d\\${end}` },
    gives: dumps("C:\\d\\c1", 2, 10),
  })),
  {
    shows: "dumps of an unknown type",
    annotations: { ...folder, "io.microsoft.wcow.processdumptype": "huge" },
    refuses: invalid(/"huge", wanted mini or full/),
  },
  ...["0", "-1", "many"].map((count) => ({
    shows: `${count} dumps`,
    annotations: { ...folder, "io.microsoft.wcow.processdumpcount": count },
    refuses: invalid(/keep one at least/),
  })),
  {
    shows: "a host process in a VM",
    annotations: { "microsoft.com/hostprocess-container": "true" },
    gives: { IsolationType: "HostProcess" },
  },
  {
    shows: "a host process with a root elsewhere",
    annotations: {
      "microsoft.com/hostprocess-container": "true",
      "microsoft.com/hostprocess-rootfs-location": "C:\\own",
    },
    gives: {
      IsolationType: "HostProcess",
      Storage: { ...(containerBase.Storage as object), PrivilegedContainerRootPath: "C:\\own" },
    },
  },
  {
    shows: "values for tests in its registry",
    annotations: {
      [`${C}wcow.test-registry-annotation`]: JSON.stringify([text("Software", "Vendor", "n", "v")]),
    },
    gives: { RegistryChanges: { AddValues: [patience, text("Software", "Vendor", "n", "v")] } },
  },
];
