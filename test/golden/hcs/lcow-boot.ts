import { HOST_ONLY, SCSI0 } from "./base-documents.ts";
import type { GoldenCase, Json } from "./case.ts";

const V = "io.microsoft.virtualmachine.";
const L = `${V}lcow.`;
const D = "VirtualMachine>Devices";
const CHIPSET = "VirtualMachine>Chipset";
const DIRECT = `${CHIPSET}>LinuxKernelDirect`;
const HV = `${D}>HvSocket>HvSocketConfig>ServiceTable`;
const ROOT_VHD = "root=/dev/sda ro rootwait init=/init ";

type Changes = Readonly<Record<string, Json | null>>;

const kernel = (folder: string, file: string, initrd: boolean): Changes => ({
  [`${DIRECT}>KernelFilePath`]: `${folder}\\${file}`,
  [`${DIRECT}>InitRdPath`]: initrd ? `${folder}\\initrd.img` : null,
});
const rootDisk = (path: string): Changes => ({
  [`${D}>Scsi>${SCSI0}`]: { Attachments: { "0": { Type: "VirtualDisk", Path: path, ReadOnly: true } } },
});
const uefi = (folder: string): Changes => ({
  [DIRECT]: null,
  [`${CHIPSET}>Uefi`]: { BootThis: { DevicePath: "\\kernel", DeviceType: "VmbFs", VmbFsRootPath: folder } },
});
const UEFI_LINE = `${CHIPSET}>Uefi>BootThis>OptionalData`;
const FRONT = "initcall_blacklist";
const vhd: Pick<GoldenCase, "options" | "gives"> = {
  options: { bootFilesRootPath: "C:\\vhd" },
  gives: { ...kernel("C:\\vhd", "vmlinux", false), ...rootDisk("C:\\vhd\\rootfs.vhd") },
};
const withConsole = { [`${V}console.pipe`]: "\\\\.\\pipe\\com1" };
const GCS = "/bin/vsockexec -e 109 /bin/gcs -v4 -log-format json -loglevel info";

/** A VM that differs in its command line alone. */
const line = (
  shows: string,
  given: Pick<GoldenCase, "annotations" | "options">,
  ...cmdline: readonly (readonly [string, string])[]
): GoldenCase => ({ shows, ...given, cmdline });

export const lcowBoot: readonly GoldenCase[] = [
  {
    shows: "the kernel named kernel where there is no vmlinux",
    options: { bootFilesRootPath: "C:\\novmlinux" },
    gives: kernel("C:\\novmlinux", "kernel", true),
  },
  {
    shows: "the annotation of the boot files goes over the option",
    annotations: { [`${V}bootfilesrootpath`]: "C:\\old" },
    gives: kernel("C:\\old", "kernel", true),
  },
  {
    shows: "a path of boot files is made absolute and clean",
    annotations: { [`${V}bootfilesrootpath`]: "..\\.\\boot\\\\" },
  },
  {
    shows: "boot files beside the shim",
    options: { bootFilesRootPath: "" },
    gives: kernel("C:\\shim\\LinuxBootFiles", "vmlinux", true),
  },
  {
    shows: "boot files of the program folder where the shim has none",
    options: { bootFilesRootPath: "" },
    host: { shimFolder: "C:\\elsewhere" },
    gives: kernel("C:\\Program Files\\Linux Containers", "vmlinux", true),
  },
  {
    shows: "no folder of boot files",
    options: { bootFilesRootPath: "C:\\missing" },
    refuses: ["not-found", /C:\\missing.*does not exist/],
  },
  {
    shows: "no kernel",
    options: { bootFilesRootPath: "C:\\nokernel" },
    refuses: ["not-found", /kernel is not in the folder C:\\nokernel/],
  },
  {
    shows: "no initrd",
    options: { bootFilesRootPath: "C:\\noinitrd" },
    refuses: ["not-found", /initrd\.img is not in the folder/],
  },
  {
    shows: "an initrd is wanted where there is none",
    options: { bootFilesRootPath: "C:\\vhdonly" },
    annotations: { [`${L}preferredrootfstype`]: "initrd" },
    refuses: ["not-found", /initrd\.img is not in the folder C:\\vhdonly/],
  },
  {
    shows: "a VHD is wanted where there is none",
    annotations: { [`${L}preferredrootfstype`]: "vhd" },
    refuses: ["not-found", /rootfs\.vhd is not in the folder/],
  },
  {
    shows: "a root file system of an unknown type",
    annotations: { [`${L}preferredrootfstype`]: "squashfs" },
    refuses: ["invalid-argument", /"squashfs", wanted initrd or vhd/],
  },
  { shows: "a VHD is taken where there is one", ...vhd, cmdline: [[FRONT, `${ROOT_VHD}${FRONT}`]] },
  {
    shows: "a VHD without an initrd beside it",
    options: { bootFilesRootPath: "C:\\vhdonly" },
    gives: { ...kernel("C:\\vhdonly", "kernel", false), ...rootDisk("C:\\vhdonly\\rootfs.vhd") },
    cmdline: [[FRONT, `${ROOT_VHD}${FRONT}`]],
  },
  {
    shows: "an initrd where it is wanted, beside a VHD",
    options: { bootFilesRootPath: "C:\\vhd" },
    annotations: { [`${L}preferredrootfstype`]: "initrd" },
    gives: kernel("C:\\vhd", "vmlinux", true),
  },
  {
    shows: "UEFI and an initrd",
    annotations: { [`${L}kerneldirectboot`]: "false" },
    gives: uefi("C:\\boot"),
    ...{ cmdlineAt: UEFI_LINE, cmdline: [[FRONT, `initrd=/initrd.img ${FRONT}`]] },
  },
  {
    shows: "UEFI and a VHD",
    options: { bootFilesRootPath: "C:\\vhd" },
    annotations: { [`${L}kerneldirectboot`]: "false" },
    gives: { ...uefi("C:\\vhd"), ...rootDisk("C:\\vhd\\rootfs.vhd") },
    ...{ cmdlineAt: UEFI_LINE, cmdline: [[FRONT, `${ROOT_VHD}${FRONT}`]] },
  },
  {
    shows: "UEFI before build 18286, and four controllers",
    host: { build: 18285 },
    gives: uefi("C:\\boot"),
    ...{ cmdlineAt: UEFI_LINE, cmdline: [[FRONT, `initrd=/initrd.img ${FRONT}`]] },
  },
  {
    shows: "no direct boot before build 18286",
    host: { build: 18285 },
    annotations: { [`${L}kerneldirectboot`]: "true" },
    refuses: ["failed-precondition", /build 18285 on amd64 cannot boot a kernel directly.*18286/],
  },
  {
    shows: "arm64: UEFI, and no 8250",
    options: { sandboxPlatform: "linux/arm64" },
    host: { architecture: "arm64" },
    gives: uefi("C:\\boot"),
    cmdlineAt: UEFI_LINE,
    cmdline: [
      [FRONT, `initrd=/initrd.img ${FRONT}`],
      [" 8250_core.nr_uarts=0", ""],
    ],
    settings: { architecture: "arm64" },
  },
  {
    shows: "no direct boot on arm64",
    options: { sandboxPlatform: "linux/arm64" },
    host: { architecture: "arm64" },
    annotations: { [`${L}kerneldirectboot`]: "true" },
    refuses: ["failed-precondition", /on arm64 cannot boot/],
  },
  { shows: "a platform in capitals", options: { sandboxPlatform: "LINUX/AMD64" }, settings: { architecture: "amd64" } },
  ...["windows/amd64", "linux/386", ""].map(
    (sandboxPlatform): GoldenCase => ({
      shows: `platform ${JSON.stringify(sandboxPlatform)}`,
      options: { sandboxPlatform },
      refuses: ["invalid-argument", /is not supported for LCOW/],
    }),
  ),
  {
    shows: "one controller before build 17763",
    host: { build: 17762 },
    gives: { ...uefi("C:\\boot"), [`${D}>Scsi`]: { [SCSI0]: {} } },
    ...{ cmdlineAt: UEFI_LINE, cmdline: [[FRONT, `initrd=/initrd.img ${FRONT}`]] },
  },
  {
    shows: "a VHD that the kernel verifies",
    ...vhd,
    annotations: { [`${L}dmverity-mode`]: "true", [`${L}dmverity-create-args`]: 'rootfs,,,ro,0 "x" verity' },
    cmdline: [[FRONT, `root=/dev/dm-0 dm-mod.create="rootfs,,,ro,0 \\"x\\" verity" init=/init ${FRONT}`]],
  },
  {
    shows: "a VHD to verify without device mapper's arguments",
    options: { bootFilesRootPath: "C:\\vhd" },
    annotations: { [`${L}dmverity-mode`]: "true" },
    refuses: ["invalid-argument", /set io\.microsoft\.virtualmachine\.lcow\.dmverity-create-args/],
  },
  { shows: "an initrd is not verified", annotations: { [`${L}dmverity-mode`]: "true" } },
  {
    shows: "writable overlays on a VHD",
    ...vhd,
    annotations: { [`${L}writable-overlay-directories`]: "true" },
    cmdline: [
      [FRONT, `${ROOT_VHD}${FRONT}`],
      ["-e 1 ", "-e 1 -w "],
    ],
  },
  {
    shows: "no overlays on an initrd, which is writable",
    annotations: { [`${L}writable-overlay-directories`]: "true" },
    warns: [/writable-overlay-directories is passed over/],
  },
  line("more kernel options", { annotations: { [`${L}kernelbootoptions`]: "a=1 b" } }, ["quiet ", "quiet a=1 b "]),
  line("PCI", { annotations: { [`${L}vpcienabled`]: "true" } }, ["pci=off ", ""]),
  line("no time service", { annotations: { [`${L}timesync.disable`]: "true" } }, [GCS, `${GCS} -disable-time-sync`]),
  line("the log level of the option", { options: { logLevel: "trace" } }, ["-loglevel info", "-loglevel trace"]),
  line("debug logs", { options: { debug: true } }, ["-loglevel info", "-loglevel debug"]),
  line("the log level goes over debug", { options: { debug: true, logLevel: "warning" } }, ["info", "warning"]),
  line("scrubbed logs", { options: { scrubLogs: true } }, [GCS, `${GCS} -scrub-logs=true`]),
  line("logs that are not scrubbed", { options: { scrubLogs: false } }, [GCS, `${GCS} -scrub-logs=false`]),
  line("core dumps", { annotations: { "io.microsoft.container.processdumplocation": "/dumps" } }, [
    ...([GCS, `${GCS} -core-dump-location /dumps`] as const),
  ]),
  line("more arguments of gcs", { annotations: { [`${L}extra-exec-command-args`]: "-x y" } }, [GCS, `${GCS} -x y`]),
  line(
    "all of gcs' arguments, in order",
    {
      annotations: {
        [`${L}extra-exec-command-args`]: "-x",
        [`${L}timesync.disable`]: "true",
        "io.microsoft.container.processdumplocation": "/dumps",
      },
      options: { scrubLogs: false },
    },
    [GCS, `${GCS} -disable-time-sync -scrub-logs=false -core-dump-location /dumps -x`],
  ),
  {
    shows: "a VM that can migrate: no Plan9, and logs that find the new host",
    annotations: { "io.microsoft.migration.support-enabled": "true" },
    gives: { [`${D}>Plan9`]: null },
    cmdline: [["/bin/vsockexec -e 109", "/bin/vsockexec -r -e 109"]],
    settings: { migration: true },
  },
  {
    shows: "bad support of migration is none",
    annotations: { "io.microsoft.migration.support-enabled": "maybe" },
    warns: [/support-enabled of vm pod1@vm is "maybe"/],
  },
  {
    shows: "a console: no quiet end at a panic, and a shell",
    annotations: withConsole,
    gives: { [`${D}>ComPorts`]: { "0": { NamedPipe: "\\\\.\\pipe\\com1" } } },
    cmdline: [
      ["8250_core.nr_uarts=0 panic=-1 quiet", "8250_core.nr_uarts=1 8250_core.skip_txen_test=1 console=ttyS0,115200"],
      [GCS, `sh -c "${GCS} & exec sh"`],
    ],
  },
  {
    shows: "a console on arm64",
    annotations: withConsole,
    options: { sandboxPlatform: "linux/arm64" },
    host: { architecture: "arm64" },
    gives: { ...uefi("C:\\boot"), [`${D}>ComPorts`]: { "0": { NamedPipe: "\\\\.\\pipe\\com1" } } },
    cmdlineAt: UEFI_LINE,
    cmdline: [
      [FRONT, `initrd=/initrd.img ${FRONT}`],
      ["8250_core.nr_uarts=0 panic=-1 quiet", "console=ttyAMA0,115200"],
      [GCS, `sh -c "${GCS} & exec sh"`],
    ],
  },
  {
    shows: "a graphics console: a screen, a keyboard, and a shell",
    debug: { graphicsConsole: true },
    gives: { [`${D}>VideoMonitor`]: {}, [`${D}>Keyboard`]: {}, [`${D}>EnhancedModeVideo`]: {} },
    cmdline: [
      ["8250_core.nr_uarts=0 panic=-1 quiet", "8250_core.nr_uarts=0 console=tty"],
      [GCS, `sh -c "${GCS} & exec sh"`],
    ],
  },
  {
    shows: "a serial and a graphics console",
    debug: { graphicsConsole: true },
    annotations: withConsole,
    gives: {
      [`${D}>VideoMonitor`]: {},
      [`${D}>Keyboard`]: {},
      [`${D}>EnhancedModeVideo`]: {},
      [`${D}>ComPorts`]: { "0": { NamedPipe: "\\\\.\\pipe\\com1" } },
    },
    cmdline: [
      [
        "8250_core.nr_uarts=0 panic=-1 quiet",
        "8250_core.nr_uarts=1 8250_core.skip_txen_test=1 console=ttyS0,115200 console=tty",
      ],
      [GCS, `sh -c "${GCS} & exec sh"`],
    ],
  },
  {
    shows: "another program than gcs",
    debug: { execCommandLine: "/bin/sh -c date" },
    cmdline: [[GCS, "/bin/vsockexec -e 109 /bin/sh -c date"]],
  },
  {
    shows: "the program's stdout in the log, too",
    debug: { forwardStdout: true },
    cmdline: [["/bin/vsockexec -e 109", "/bin/vsockexec -o 109 -e 109"]],
  },
  {
    shows: "nothing of the program in the log",
    debug: { forwardStderr: false },
    cmdline: [["/bin/vsockexec -e 109", "/bin/vsockexec"]],
  },
  {
    shows: "a console that is no named pipe",
    annotations: { [`${V}console.pipe`]: "C:\\pipe\\com1" },
    refuses: ["invalid-argument", /is no named pipe/],
  },
  {
    shows: "services of Hyper-V sockets, their GUIDs in lower case and their members in any",
    annotations: {
      [`${V}hv-socket.service-table.AAAAAAAA-0000-0000-0000-000000000001`]:
        '{"allowWildcardBinds":true,"BINDSECURITYDESCRIPTOR":"D:P","Unknown":1}',
      [`${V}hv-socket.service-table.aaaaaaaa-0000-0000-0000-000000000002`]: '{"Disabled":true}',
    },
    gives: {
      [HV]: {
        "aaaaaaaa-0000-0000-0000-000000000001": { AllowWildcardBinds: true, BindSecurityDescriptor: "D:P" },
        "aaaaaaaa-0000-0000-0000-000000000002": { Disabled: true },
      },
    },
  },
  {
    shows: "a service with all that it has",
    annotations: {
      [`${V}hv-socket.service-table.aaaaaaaa-0000-0000-0000-000000000001`]: JSON.stringify({
        ...{ BindSecurityDescriptor: HOST_ONLY, ConnectSecurityDescriptor: "D:P", AllowWildcardBinds: true },
        Disabled: false,
      }),
    },
    gives: {
      [HV]: {
        "aaaaaaaa-0000-0000-0000-000000000001": {
          ...{ BindSecurityDescriptor: HOST_ONLY, ConnectSecurityDescriptor: "D:P", AllowWildcardBinds: true },
        },
      },
    },
  },
  {
    shows: "services that are none are passed over",
    annotations: {
      [`${V}hv-socket.service-table.no-guid`]: "{}",
      [`${V}hv-socket.service-table.aaaaaaaa-0000-0000-0000-000000000001`]: "{",
      [`${V}hv-socket.service-table.aaaaaaaa-0000-0000-0000-000000000002`]: '{"Disabled":"yes"}',
    },
    warns: [/no-guid ends in no GUID/, /000000000001 is not JSON/, /Disabled is string; wanted true or false/],
  },
];
