import type { Finding, Row } from "./survey.ts";

/** A stack, and of `hcs` what kind of VM: by its guest, and whether it was made to be saved. */
export const columns = ["local", "qemu", "remotevm", "hcs-lcow", "hcs-savable", "hcs-wcow"] as const;
export type Column = (typeof columns)[number];

const lifetime = ["lifetime create", "lifetime start", "lifetime terminate"] as const;
const pausing = ["lifetime pause", "lifetime resume"] as const;
const saving = ["lifetime save", "lifetime restore"] as const;
const scsi = ["scsi add", "scsi remove"] as const;
const network = ["network add", "network remove"] as const;
const plan9 = ["plan9 add", "plan9 remove"] as const;
const pci = ["pci add", "pci remove"] as const;
const vpmem = ["vpmem add", "vpmem remove", "vpmem update"] as const;
const vsmb = ["vsmb add", "vsmb remove"] as const;
const pipe = ["pipe add", "pipe remove"] as const;
const vmSocket = ["vm-socket update", "vm-socket remove"] as const;
const processors = ["cpu-group update", "cpu-limits update"] as const;
/** Of every VM of HCS. */
const hcs = [
  ...[...scsi, ...network, ...pci, ...vmSocket, ...processors],
  ...(["memory update", "statistics read"] as const),
] as const;
const size = ["memory update", "processor update"] as const;

const rows: readonly Row[] = [
  ...[
    ...lifetime,
    ...pausing,
    ...saving,
    ...scsi,
    ...vpmem,
    ...network,
    ...pci,
    ...pipe,
    ...plan9,
    ...vsmb,
    ...vmSocket,
  ],
  ...[...processors, ...size, "statistics read" as const],
];

/** All others are unsupported. */
function passing(...passed: readonly Row[]): Readonly<Partial<Record<Row, Finding>>> {
  return Object.fromEntries(rows.map((row) => [row, passed.includes(row) ? "passed" : "unsupported"]));
}

/** What the suite has found, in the order in which the table shows it. A run that finds something else fails. */
export const recorded: Readonly<Record<Column, Readonly<Partial<Record<Row, Finding>>>>> = {
  local: passing(...lifetime),
  qemu: passing(
    ...[...lifetime, ...pausing, ...saving, ...scsi, ...network, ...plan9, ...size],
    ...(["vpmem add", "statistics read"] as const),
  ),
  remotevm: passing(...lifetime, ...pausing, ...scsi, ...network, ...plan9, "statistics read"),
  "hcs-lcow": passing(...lifetime, ...pausing, ...hcs, ...vpmem, ...plan9),
  "hcs-savable": passing(...lifetime, ...pausing, ...saving, ...hcs, ...vpmem),
  "hcs-wcow": passing(...lifetime, ...pausing, ...saving, ...hcs, ...vsmb, ...pipe),
};

/** What hangs on the host that it runs on: there either finding is right. */
const withVfio = { "pci add": "with VFIO", "pci remove": "with VFIO" };
const byBuild = { "cpu-group update": "by build", "cpu-limits update": "by build" };
export const conditions: Readonly<Partial<Record<Column, Readonly<Partial<Record<Row, string>>>>>> = {
  qemu: withVfio,
  remotevm: withVfio,
  "hcs-lcow": byBuild,
  "hcs-savable": byBuild,
  "hcs-wcow": byBuild,
};
