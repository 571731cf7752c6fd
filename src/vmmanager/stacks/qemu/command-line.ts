import type { VsockDevice } from "./channel/vsock.ts";
import { bootControllerArguments, growthArguments } from "./devices/device-arguments.ts";
import { PCI_SLOT } from "./devices/hardware.ts";
import type { UvmDocument } from "./document.ts";

/**
 * QEMU's fds, by number in its process: it is given no path, and has no right to open any. `gcs` is the guest channel's: a
 * socket, or with vsock the host's device.
 */
export const childFds = { qmp: 3, console: 4, gcs: 5, kernel: 6, initrd: 7, root: 8 } as const;
/** The fds of a restore's devices stand from here on. */
export const firstExtraFd = 9;

const KERNEL_ARGUMENTS = [
  "console=ttyS0",
  "quiet",
  "panic=-1",
  // By triple fault: without a keyboard controller the other ways take seconds.
  "reboot=t",
  // With room for more memory the kernel would set 64 MiB aside for bounce buffers.
  "swiotlb=512",
  "memhp_default_state=online_movable",
];

export interface CommandLineOptions {
  /** For people, in the list of processes. */
  readonly id: string;
  /** It waits for a saved state (QMP migrate-incoming). */
  readonly incoming?: boolean;
  /** In place of the virtio-serial port. */
  readonly vsock?: VsockDevice;
  /** Whether it has them. Default: both, as an image does. */
  readonly boot?: { readonly initrd: boolean; readonly root: boolean };
  /** Of devices that were not there at boot, but are at a restore. */
  readonly devices?: readonly string[];
}

/**
 * QEMU's arguments (reference: qemu, "Recommended configuration"). It stands still before its first instruction, until
 * `cont`. The machine stays the same for a saved state: any change here must keep what older states were made with.
 */
export function commandLine(document: UvmDocument, options: CommandLineOptions): string[] {
  const { accelerator, machine, sizing, kernelArguments } = document;
  const { boot = { initrd: true, root: true } } = options;
  const growth = growthArguments(document);
  const channel = options.vsock === undefined ? serialArguments() : vsockArguments(options.vsock);
  const fd = (name: keyof typeof childFds): string => `/dev/fd/${childFds[name]}`;
  return [
    ...["-name", `guest=uvm-${options.id.replaceAll(",", ",,")}`, "-S"],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
    ...["-M", `${machine},usb=off,vmport=off,graphics=off,${growth.machine},memory-backend=ram0`],
    ...(accelerator === "kvm"
      ? ["-accel", "kvm", "-cpu", "host"]
      : // A boot with its first container makes 170 MB of code. With less room QEMU drops all of it, and translates again.
        // Told of "erms", kernel and libc copy by "rep movsb", which the emulator does a byte at a time.
        ["-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max,erms=off"]),
    ...["-m", growth.memory, "-smp", growth.smp],
    // Shared and behind an fd: virtio-fs needs it.
    ...["-object", `memory-backend-memfd,id=ram0,size=${sizing.memoryMiB}M,share=on`],
    ...["-kernel", fd("kernel"), ...(boot.initrd ? ["-initrd", fd("initrd")] : [])],
    ...["-append", [...KERNEL_ARGUMENTS, ...growth.kernel, ...channel.kernel, ...kernelArguments].join(" ")],
    ...["-chardev", `socket,id=qmp,fd=${childFds.qmp}`, "-mon", "chardev=qmp,mode=control"],
    ...["-chardev", `socket,id=con,fd=${childFds.console}`, "-serial", "chardev:con"],
    ...channel.devices,
    ...(boot.root ? rootArguments() : []),
    // It goes on until the kernel resets itself: words that another writer of the console holds up come after the device is told.
    ...[...bootControllerArguments(), "-device", "pvpanic", "-action", "panic=none"],
    ...(options.devices ?? []),
    ...(options.incoming ? ["-incoming", "defer"] : []),
  ];
}

function rootArguments(): string[] {
  return [
    ...["-add-fd", `fd=${childFds.root},set=0`],
    ...["-blockdev", "driver=file,node-name=root,filename=/dev/fdset/0,read-only=on,locking=off"],
    ...["-device", `virtio-blk-pci,drive=root,addr=${hex(PCI_SLOT.root)}`],
  ];
}

interface ChannelArguments {
  readonly kernel: readonly string[];
  readonly devices: readonly string[];
}

function serialArguments(): ChannelArguments {
  const devices = [
    ...["-device", `virtio-serial-pci,id=vser0,addr=${hex(PCI_SLOT.serial)},max_ports=64`],
    ...["-chardev", `socket,id=gcs,fd=${childFds.gcs}`],
    ...["-device", "virtserialport,bus=vser0.0,nr=1,chardev=gcs,id=gcs,name=gcs"],
  ];
  return { kernel: [], devices };
}

function vsockArguments({ guestCid, hostPort }: VsockDevice): ChannelArguments {
  const device = `vhost-vsock-pci,id=vsock0,addr=${hex(PCI_SLOT.vsock)},guest-cid=${guestCid},vhostfd=${childFds.gcs}`;
  return { kernel: [`uvm.vsock=${hostPort}`], devices: ["-device", device] };
}

function hex(slot: number): string {
  return `0x${slot.toString(16)}`;
}
