import { constants, fstatSync } from "node:fs";
import { join } from "node:path";
import { failedPrecondition, notFound } from "../../../errors/shim-error.ts";
import { close, dup, open } from "../../../sys/libc.ts";
import { socketPair } from "../../../sys/libc-socket.ts";
import type { ChildExit } from "../../../sys/runtime.ts";
import { errorCode } from "../../../sys/sys-error.ts";
import { ErrorOutput } from "../../error-output.ts";
import { spawnVmProcess } from "../../spawn-vm-process.ts";
import type { UvmOptions } from "../../uvm.ts";
import { type Accelerator, kvmGroup } from "./accelerator.ts";
import { confined } from "./vm-process.ts";

/** The files in the directory of a UVM's image (docs/uvm-image.md). */
export const imageFiles = { kernel: "vmlinuz", initrd: "initrd.cpio", root: "root.erofs" } as const;

/** What a VM boots, as paths on this host. Kernel and initrd are readable for all: QEMU opens them as its own user. */
export interface BootFiles {
  readonly kernel: string;
  readonly initrd?: string;
  /** The guest's /dev/vda, read-only. */
  readonly root?: string;
}

/** Those of an image's directory. */
export function bootFilesOf(image: string): Required<BootFiles> {
  const { kernel, initrd, root } = imageFiles;
  return { kernel: join(image, kernel), initrd: join(image, initrd), root: join(image, root) };
}

export interface QemuProcessOptions {
  readonly uvm: UvmOptions;
  /** Absolute, both. */
  readonly binary: string;
  readonly setpriv: string;
  readonly accelerator: Accelerator;
  readonly boot: BootFiles;
  /** QEMU's own arguments; its fds are as command-line.ts says. */
  readonly argv: readonly string[];
  /** The host's vsock device for this VM, in place of the guest channel's socket; it stays the caller's. */
  readonly vsock?: number;
  /** Inherited as well, from `firstExtraFd` on; they stay the caller's. */
  readonly extraFds?: readonly number[];
}

/** QEMU as a child process that has no rights but to the fds that it got, and dies with us. */
export interface QemuProcess {
  readonly pid: number;
  /** Our ends of its sockets; whoever takes one owns it. */
  readonly qmp: number;
  readonly console: number;
  /** Undefined with vsock. */
  readonly gcs: number | undefined;
  readonly exited: Promise<ChildExit>;
  readonly errors: ErrorOutput;
  kill(): void;
}

/** Starts QEMU. What was opened is closed and what was started is killed if a step fails. */
export function startQemu(options: QemuProcessOptions): QemuProcess {
  const { uvm, binary, setpriv, accelerator, boot, vsock, extraFds = [] } = options;
  const theirs: number[] = [];
  const ours: number[] = [];
  const pair = (): number => {
    const [mine, its] = socketPair();
    ours.push(mine);
    theirs.push(its);
    return mine;
  };
  try {
    const [qmp, console] = [pair(), pair()];
    const gcs = vsock === undefined ? pair() : undefined;
    if (vsock !== undefined) theirs.push(dup(vsock));
    theirs.push(openReopenable(boot.kernel));
    theirs.push(boot.initrd === undefined ? openNothing() : openReopenable(boot.initrd));
    theirs.push(boot.root === undefined ? openNothing() : openImage(boot.root));
    const group = accelerator === "kvm" ? kvmGroup() : undefined;
    const argv = confined(uvm.id, setpriv, [binary, ...options.argv], group === undefined ? [] : [group]);
    // In the order of `childFds`.
    const child = spawnVmProcess(uvm, "qemu", argv, ["null", "null", "pipe", ...theirs, ...extraFds]);
    const { pid, exited } = child;
    const errors = new ErrorOutput(child.pipes[2]);
    return { pid, qmp, console, gcs, exited, errors, kill: () => child.kill(9) };
  } catch (error) {
    for (const fd of ours) close(fd);
    throw error;
  } finally {
    for (const fd of theirs) close(fd);
  }
}

/** Keeps the place of a file that there is none of. */
const openNothing = (): number => open("/dev/null", constants.O_RDONLY);

/** QEMU opens it again, as its own user, through its fd: what leads to the file does not matter, its own mode does. */
function openReopenable(path: string): number {
  const fd = openImage(path);
  if ((fstatSync(fd).mode & 0o004) !== 0) return fd;
  close(fd);
  throw failedPrecondition(`file ${path} is not readable for all; cannot boot a VM from it: chmod it to 0644`);
}

export function openImage(path: string): number {
  try {
    return open(path, constants.O_RDONLY);
  } catch (cause) {
    const what = `file ${path} cannot be read; cannot boot a VM from it: name the image of the utility VM in the configuration`;
    throw isNoEntry(cause) ? notFound(what, cause) : failedPrecondition(what, cause);
  }
}

function isNoEntry(error: unknown): boolean {
  return errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR";
}
