import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runtime } from "#runtime";
import { HostMux } from "../../src/transport/mux/host-mux.ts";
import type { QmpClient } from "../../src/vmmanager/stacks/qemu/qmp/client.ts";
import { connectQmp } from "../harness/connect-qmp.ts";

/** A line of the guest's console, and the milliseconds since QEMU was spawned. */
export interface ConsoleLine {
  readonly at: number;
  readonly text: string;
}

/** A bare QEMU with the image of out/uvm, as reference "qemu" recommends it: what the stack will do, without the stack. */
export class BootedUvm {
  readonly mux = new HostMux();
  readonly console: ConsoleLine[] = [];
  readonly exited: Promise<number | null>;
  readonly #started = performance.now();
  readonly #directory = mkdtempSync(join(tmpdir(), "uvm-boot-"));
  readonly #qemu: ChildProcess;
  #qmp: Promise<QmpClient> | undefined;
  #partial = "";

  constructor(image = "out/uvm", more: readonly string[] = []) {
    const socket = join(this.#directory, "gcs.sock");
    this.#qemu = spawn("qemu-system-x86_64", [...qemuArguments(image, socket), ...this.#monitor(), ...more], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#qemu.stdout?.setEncoding("utf8").on("data", (text: string) => this.#take(text));
    this.exited = new Promise((resolve, reject) => this.#qemu.on("error", reject).on("close", resolve));
    this.exited.catch(() => undefined);
    void this.#connect(socket);
  }

  /** Milliseconds since QEMU was spawned. */
  elapsed(): number {
    return performance.now() - this.#started;
  }

  /** When the first line came that has this text. */
  at(text: string): number | undefined {
    return this.console.find((line) => line.text.includes(text))?.at;
  }

  /** The console so far. */
  transcript(): string {
    return [...this.console.map(({ text }) => text), this.#partial].join("\n");
  }

  /** A client of QEMU's monitor; there is one, and it goes with the VM. */
  qmp(): Promise<QmpClient> {
    this.#qmp ??= connectQmp(join(this.#directory, "qmp.sock"));
    return this.#qmp;
  }

  /** Of this VM alone, gone with it: for sockets and images. */
  path(name: string): string {
    return join(this.#directory, name);
  }

  async dispose(): Promise<void> {
    this.mux.destroy();
    (await this.#qmp?.catch(() => undefined))?.close();
    this.#qemu.kill("SIGKILL");
    await this.exited.catch(() => undefined);
    rmSync(this.#directory, { recursive: true });
  }

  #monitor(): string[] {
    const socket = `socket,id=qmp,path=${join(this.#directory, "qmp.sock")},server=on,wait=off`;
    return ["-chardev", socket, "-mon", "chardev=qmp,mode=control"];
  }

  async #connect(socket: string): Promise<void> {
    while (this.#qemu.exitCode === null) {
      try {
        await this.mux.attach(await runtime.connect(socket));
        return;
      } catch {
        // Not there before QEMU listens.
        await sleep(10);
      }
    }
  }

  #take(text: string): void {
    const lines = `${this.#partial}${text}`.split("\n");
    this.#partial = lines.pop() ?? "";
    for (const line of lines) this.console.push({ at: this.elapsed(), text: line.trimEnd() });
  }
}

/** Why no VM can be booted here; undefined where one can. */
export function notBootable(): string | undefined {
  try {
    closeSync(openSync("out/uvm/manifest.json", "r"));
  } catch {
    return "wants the image of a utility VM: run make uvm-image";
  }
  const path = (process.env.PATH ?? "").split(":");
  const found = path.some((directory) => {
    try {
      closeSync(openSync(join(directory, "qemu-system-x86_64"), "r"));
      return true;
    } catch {
      return false;
    }
  });
  return found ? undefined : "wants qemu-system-x86_64 (Debian: qemu-system-x86)";
}

function qemuArguments(image: string, socket: string): string[] {
  return [
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-M", "pc,usb=off,vmport=off,graphics=off", "-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max,erms=off"],
    ...["-m", "256,slots=8,maxmem=4G", "-smp", "1,maxcpus=4"],
    ...["-object", "memory-backend-memfd,id=ram0,size=256M,share=on", "-machine", "memory-backend=ram0"],
    ...["-kernel", join(image, "vmlinuz"), "-initrd", join(image, "initrd.cpio")],
    ...["-append", "console=ttyS0 quiet panic=-1 reboot=t swiotlb=512 memhp_default_state=online_movable"],
    ...["-chardev", "stdio,id=con,signal=off", "-serial", "chardev:con"],
    ...["-device", "virtio-serial-pci,id=vser0,addr=0x3,max_ports=64"],
    ...["-chardev", `socket,id=gcs,path=${socket},server=on,wait=off`],
    ...["-device", "virtserialport,bus=vser0.0,nr=1,chardev=gcs,id=gcs,name=gcs"],
    ...["-drive", `file=${join(image, "root.erofs")},format=raw,if=none,id=root,readonly=on,file.locking=off`],
    ...["-device", "virtio-blk-pci,drive=root,addr=0x8", "-device", "virtio-scsi-pci,id=scsi0,addr=0x4"],
    ...["-device", "pvpanic"],
  ];
}
