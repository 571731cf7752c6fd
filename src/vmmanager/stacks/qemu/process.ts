import { createHash } from "node:crypto";
import { constants, fstatSync } from "node:fs";
import { join } from "node:path";
import { runtime } from "#runtime";
import { failedPrecondition, notFound } from "../../../errors/shim-error.ts";
import type { ByteStream } from "../../../sys/byte-stream.ts";
import { close, open } from "../../../sys/libc.ts";
import { socketPair } from "../../../sys/libc-socket.ts";
import type { ChildExit } from "../../../sys/runtime.ts";
import { errorCode } from "../../../sys/sys-error.ts";
import { inNamespace } from "../../host-network/run-in-namespace.ts";
import { joinVmCgroup } from "../../vm-cgroup.ts";
import { addVmProcess } from "../../vm-processes.ts";
import { kvmGroup } from "./accelerator.ts";
import { printable } from "./console.ts";
import type { UvmDocument } from "./document.ts";

/** The files in the directory of a UVM's image (docs/uvm-image.md). */
export const imageFiles = { kernel: "vmlinuz", initrd: "initrd.cpio", root: "root.erofs" } as const;

export interface QemuProcessOptions {
  readonly id: string;
  /** Absolute. */
  readonly binary: string;
  readonly setpriv: string;
  readonly document: UvmDocument;
  /** The image's directory. */
  readonly image: string;
  /** QEMU's own arguments; its fds are as command-line.ts says. */
  readonly argv: readonly string[];
  readonly stateDirectory: string;
  readonly cgroup?: string;
  readonly networkNamespace?: string;
}

/** QEMU as a child process that has no rights but to the fds that it got, and dies with us. */
export interface QemuProcess {
  readonly pid: number;
  /** Our ends of its sockets; whoever takes one owns it. */
  readonly qmp: number;
  readonly console: number;
  readonly gcs: number;
  /** When it is gone and all that it said is read. */
  readonly exited: Promise<ChildExit>;
  /** The last of what it said on stderr, one line. */
  errorOutput(): string;
  kill(): void;
}

const MAX_ERROR_OUTPUT = 2048;
/** uids that systemd's allocation leaves unused: 0x70000000 to 0x7ffffffe. */
const FIRST_UID = 0x7000_0000;
const UID_COUNT = 0x0fff_ffff;

/** The user that a VM's processes run as: of this VM alone, without an account. */
export function uidOf(id: string): number {
  return FIRST_UID + (createHash("sha256").update(id).digest().readUInt32BE() % UID_COUNT);
}

/** Runs a program as the VM's user, without capabilities and not able to gain any, for as long as this process lives. */
export function confined(
  id: string,
  setpriv: string,
  argv: readonly string[],
  groups: readonly number[] = [],
): string[] {
  const uid = String(uidOf(id));
  return [
    ...[setpriv, "--reuid", uid, "--regid", uid],
    ...(groups.length > 0 ? ["--groups", groups.join(",")] : ["--clear-groups"]),
    ...["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--pdeathsig", "KILL", ...argv],
  ];
}

/** Starts QEMU. What was opened is closed and what was started is killed if a step fails. */
export function startQemu(options: QemuProcessOptions): QemuProcess {
  const { id, binary, setpriv, document, image, stateDirectory, cgroup, networkNamespace } = options;
  const theirs: number[] = [];
  const ours: number[] = [];
  const pair = (): number => {
    const [mine, its] = socketPair();
    ours.push(mine);
    theirs.push(its);
    return mine;
  };
  try {
    const [qmp, console, gcs] = [pair(), pair(), pair()];
    theirs.push(openReopenable(join(image, imageFiles.kernel)), openReopenable(join(image, imageFiles.initrd)));
    theirs.push(openImage(join(image, imageFiles.root)));
    const group = document.accelerator === "kvm" ? kvmGroup() : undefined;
    const argv = confined(id, setpriv, [binary, ...options.argv], group === undefined ? [] : [group]);
    // Its own process group: a terminal's Ctrl-C is not for it. The fds are in the order of `childFds`.
    const spawn = () => runtime.spawn(argv, { stdio: ["null", "null", "pipe", ...theirs], detached: true });
    const child = networkNamespace === undefined ? spawn() : inNamespace(networkNamespace, spawn);
    try {
      addVmProcess(stateDirectory, { pid: child.pid, what: "qemu" });
      if (cgroup !== undefined) joinVmCgroup(stateDirectory, cgroup, child.pid);
    } catch (error) {
      child.kill(9);
      child.pipes[2]?.destroy();
      throw error;
    }
    const errors = new ErrorOutput(child.pipes[2]);
    return {
      ...{ pid: child.pid, qmp, console, gcs },
      exited: Promise.all([child.exited, errors.ended]).then(([exit]) => exit),
      errorOutput: () => errors.text,
      kill: () => child.kill(9),
    };
  } catch (error) {
    for (const fd of ours) close(fd);
    throw error;
  } finally {
    for (const fd of theirs) close(fd);
  }
}

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

/** Always read; only the end is kept. */
class ErrorOutput {
  readonly ended: Promise<void>;
  #text = "";

  constructor(stream: ByteStream | undefined) {
    this.ended = new Promise((resolve) => {
      if (stream === undefined) return resolve();
      stream.open({
        data: (chunk) => {
          this.#text = (this.#text + Buffer.from(chunk).toString("latin1")).slice(-MAX_ERROR_OUTPUT);
        },
        end: () => undefined,
        drain: () => undefined,
        close: () => resolve(),
      });
    });
  }

  get text(): string {
    return this.#text.trim().split("\n").map(printable).join("; ");
  }
}
