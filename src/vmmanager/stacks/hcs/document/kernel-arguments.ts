import { ENTROPY_PORT, LOG_PORT } from "../../../../prot/protocol.ts";
import type { LcowKernel, LcowOptions } from "../../../options/lcow.ts";
import type { LcowBoot } from "../../../options/lcow-boot.ts";
import { INITRD } from "../../../options/lcow-boot.ts";

type PlainBoot = Exclude<LcowBoot, { readonly kind: "confidential" }>;

/** The kernel's command line, in hcsshim's order (reference: hcsshim, 4.1). What follows "--" is for init. */
export function kernelArguments(options: LcowOptions, boot: PlainBoot): string {
  const { kernel, topology, consolePipe } = options;
  return [
    ...rootfs(options, boot),
    // The guest's vsock is Hyper-V's.
    "initcall_blacklist=virtio_vsock_init",
    ...serial(options),
    // Without a console, nobody reads of a panic: the VM ends.
    ...(consolePipe === undefined ? ["panic=-1", "quiet"] : []),
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

function init({ kernel, migration, consolePipe }: LcowOptions): readonly string[] {
  const gcs = [forwarder(migration), ...guestService(kernel)].join(" ");
  return [
    `-e ${ENTROPY_PORT}`,
    ...(kernel.writableOverlays ? ["-w"] : []),
    // With a console there is a shell on it. (hcsshim's v2 shim has no space before the quote: sh knows no such option.)
    consolePipe === undefined ? gcs : `sh -c "${gcs} & exec sh"`,
  ];
}

/** Sends what gcs writes to stderr to the host; after a migration it dials the new one (-r). Saving looks for this text. */
export function forwarder(reconnects: boolean): string {
  return `/bin/vsockexec ${reconnects ? "-r " : ""}-e ${LOG_PORT}`;
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
