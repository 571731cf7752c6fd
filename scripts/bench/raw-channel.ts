/**
 * What the channel between host and guest carries with nothing on top: a bare QEMU with the same kernel and modules,
 * whose first process is a shell that reads or writes a virtio-serial port in pieces of 64 KiB.
 */
import { appendFileSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../test/harness/until.ts";
import { BootedUvm } from "../../test/qemu/uvm.ts";
import { writeCpio } from "../uvm-image/cpio.ts";

const MIB = 1024 * 1024;
const BOOT_MS = 120_000;

/** Waits for orders on the port: "r MIB" reads so much and says "done", "w MIB" writes it. */
const INIT = `#!/bin/busybox sh
export PATH=/bin
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs devtmpfs /dev
while read -r module; do $b insmod "/modules/$module"; done </modules/order
for port in /dev/vport*p2; do exec 3<>$port; done
$b echo "raw: ready"
while read -r what mib <&3; do
  case $what in
  w) $b dd if=/dev/zero bs=65536 count=$((mib * 16)) >&3 2>/dev/null ;;
  r) $b dd bs=65536 count=$((mib * 16)) iflag=fullblock <&3 >/dev/null 2>&1; $b echo done >&3 ;;
  esac
done
$b sleep 1000
`;

export class RawChannel {
  readonly #directory: string;
  readonly #uvm: BootedUvm;
  readonly #socket: Socket;

  static async open(image = "out/uvm"): Promise<RawChannel> {
    const directory = mkdtempSync(join(tmpdir(), "uvm-bench-"));
    const initrd = join(directory, "initrd.cpio");
    copyFileSync(join(image, "initrd.cpio"), initrd);
    const data = new TextEncoder().encode(INIT);
    appendFileSync(initrd, writeCpio([{ kind: "file", path: "raw-init", mode: 0o755, data }]));
    const path = join(directory, "raw.sock");
    const uvm = new BootedUvm(image, [
      ...["-initrd", initrd, "-append", "console=ttyS0 quiet panic=-1 reboot=t swiotlb=512 rdinit=/raw-init"],
      ...["-chardev", `socket,id=raw,path=${path},server=on,wait=off`],
      ...["-device", "virtserialport,bus=vser0.0,nr=2,chardev=raw,id=raw,name=raw"],
    ]);
    try {
      await until("the raw channel's guest is ready", () => uvm.at("raw: ready"), BOOT_MS);
      const socket = connect(path);
      await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
      return new RawChannel(directory, uvm, socket);
    } catch (error) {
      const said = uvm.transcript();
      await uvm.dispose();
      rmSync(directory, { recursive: true });
      throw new Error(`the raw channel cannot be had: ${said.slice(-2000)}`, { cause: error });
    }
  }

  private constructor(directory: string, uvm: BootedUvm, socket: Socket) {
    this.#directory = directory;
    this.#uvm = uvm;
    this.#socket = socket;
  }

  /** MB/s from guest to host. */
  async fromGuest(mib: number): Promise<number> {
    const begin = performance.now();
    this.#socket.write(`w ${mib}\n`);
    await this.#receive(mib * MIB);
    return (mib * MIB) / 1000 / (performance.now() - begin);
  }

  /** MB/s from host to guest. */
  async toGuest(mib: number): Promise<number> {
    const begin = performance.now();
    const done = this.#receive("done\n".length);
    this.#socket.write(`r ${mib}\n`);
    const block = Buffer.alloc(256 * 1024);
    for (let sent = 0; sent < mib * MIB; sent += block.length) {
      if (!this.#socket.write(block)) await new Promise((resolve) => this.#socket.once("drain", resolve));
    }
    await done;
    return (mib * MIB) / 1000 / (performance.now() - begin);
  }

  async close(): Promise<void> {
    this.#socket.destroy();
    await this.#uvm.dispose();
    rmSync(this.#directory, { recursive: true });
  }

  async #receive(bytes: number): Promise<void> {
    let left = bytes;
    await new Promise<void>((resolve, reject) => {
      const take = (chunk: Buffer): void => {
        left -= chunk.length;
        if (left > 0) return;
        this.#socket.off("data", take).off("error", reject);
        resolve();
      };
      this.#socket.on("data", take).on("error", reject);
    });
  }
}
