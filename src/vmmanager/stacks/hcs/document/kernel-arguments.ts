import { ENTROPY_PORT, LOG_PORT } from "../../../../prot/protocol.ts";
import type { LcowKernel, LcowOptions } from "../../../options/lcow.ts";
import type { LcowBoot } from "../../../options/lcow-boot.ts";
import { INITRD } from "../../../options/lcow-boot.ts";
import type { LcowDebug } from "../../../options/vm-request.ts";

type PlainBoot = Exclude<LcowBoot, { readonly kind: "confidential" }>;

/** The kernel's command line, in hcsshim's order (reference: hcsshim, 4.1). What follows "--" is for init. */
export function kernelArguments(options: LcowOptions, boot: PlainBoot): string {
  const { kernel, topology, debug } = options;
  return [
    ...rootfs(options, boot),
    // The guest's vsock is Hyper-V's.
    "initcall_blacklist=virtio_vsock_init",
    ...serial(options),
    ...(debug.graphicsConsole ? ["console=tty"] : []),
    // Without a console, nobody reads of a panic: the VM ends.
    ...(hasConsole(options) ? [] : ["panic=-1", "quiet"]),
    ...(kernel.options === "" ? [] : [kernel.options]),
    ...(kernel.vpci ? [] : ["pci=off"]),
    `nr_cpus=${topology.processors}`,
    "brd.rd_nr=0",
    "pmtmr=0",
    "--",
    ...init(options),
  ].join(" ");
}

function rootfs({ kernel, vpmem }: LcowOptions, boot: PlainBoot): readonly string[] {
  // A kernel that is booted directly gets its initrd from the document.
  if (boot.rootfs === "initrd") return boot.kind === "uefi" ? [`initrd=/${INITRD}`] : [];
  if (vpmem !== undefined) return ["root=/dev/pmem0", "ro", "rootwait", "init=/init"];
  if (kernel.verity === undefined) return ["root=/dev/sda", "ro", "rootwait", "init=/init"];
  return ["root=/dev/dm-0", `dm-mod.create=${JSON.stringify(kernel.verity)}`, "init=/init"];
}

/** arm64 has another serial port, which hcsshim's v2 shim forgot. */
function serial({ architecture, consolePipe }: LcowOptions): readonly string[] {
  if (architecture === "arm64") return consolePipe === undefined ? [] : ["console=ttyAMA0,115200"];
  if (consolePipe === undefined) return ["8250_core.nr_uarts=0"];
  return ["8250_core.nr_uarts=1", "8250_core.skip_txen_test=1", "console=ttyS0,115200"];
}

function hasConsole({ consolePipe, debug }: LcowOptions): boolean {
  return consolePipe !== undefined || debug.graphicsConsole === true;
}

function init(options: LcowOptions): readonly string[] {
  const { kernel, migration, debug } = options;
  const program = debug.execCommandLine === undefined ? guestService(kernel) : [debug.execCommandLine];
  const gcs = [forwarder(migration, debug), ...program].join(" ");
  return [
    `-e ${ENTROPY_PORT}`,
    ...(kernel.writableOverlays ? ["-w"] : []),
    // With a console there is a shell on it. (hcsshim's v2 shim has no space before the quote: sh knows no such option.)
    hasConsole(options) ? `sh -c "${gcs} & exec sh"` : gcs,
  ];
}

/** Sends what gcs writes to stderr to the host; after a migration it dials the new one (-r). Saving looks for this text. */
export function forwarder(
  reconnects: boolean,
  { forwardStdout = false, forwardStderr = true }: LcowDebug = {},
): string {
  return [
    "/bin/vsockexec",
    ...(reconnects ? ["-r"] : []),
    ...(forwardStdout ? [`-o ${LOG_PORT}`] : []),
    ...(forwardStderr ? [`-e ${LOG_PORT}`] : []),
  ].join(" ");
}

function guestService(kernel: LcowKernel): readonly string[] {
  return [
    `/bin/gcs -v4 -log-format json -loglevel ${kernel.logLevel}`,
    ...(kernel.disableTimeSync ? ["-disable-time-sync"] : []),
    ...(kernel.scrubLogs === undefined ? [] : [`-scrub-logs=${kernel.scrubLogs}`]),
    ...(kernel.coreDumpLocation === "" ? [] : ["-core-dump-location", kernel.coreDumpLocation]),
    ...(kernel.extraArguments === "" ? [] : [kernel.extraArguments]),
  ];
}
