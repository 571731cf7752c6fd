/**
 * A bare QEMU with the same kernel, modules and root disk, whose first process is a shell that runs what it is told on a
 * virtio-serial port: what a VM can do with nothing of ours in it.
 */
import { appendFileSync, copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { migrate } from "../../src/vmmanager/stacks/qemu/qmp/migration.ts";
import { until } from "../../test/harness/until.ts";
import { BootedUvm } from "../../test/qemu/uvm.ts";
import { writeCpio } from "../uvm-image/cpio.ts";
import { timed } from "./rounds.ts";

const MIB = 1024 * 1024;
const BOOT_MS = 120_000;
export const IMAGE = "out/uvm";

/** Runs each line that comes on the port; what it has to say goes to fd 3. The port is at its end while nobody is connected. */
const INIT = `#!/bin/busybox sh
export PATH=/bin
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs devtmpfs /dev
while read -r module; do $b insmod "/modules/$module"; done </modules/order
$b mount -t erofs -o ro /dev/vda /root
for port in /dev/vport*p2; do exec 3<>$port; done
$b echo "bare: ready"
while :; do
  while read -r line <&3; do eval "$line"; done
  $b sleep 0.1
done
`;

export class BareVm {
  readonly #directory: string;
  readonly #uvm: BootedUvm;
  readonly #socket: Socket;

  static async boot(): Promise<BareVm> {
    const directory = mkdtempSync(join(tmpdir(), "uvm-bench-"));
    const uvm = new BootedUvm(IMAGE, [...bareMachine(directory, INIT), ...port(directory, "port")]);
    try {
      await until("the bare VM is ready", () => uvm.at("bare: ready"), BOOT_MS);
      const socket = connect(join(directory, "port"));
      await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
      return new BareVm(directory, uvm, socket);
    } catch (error) {
      const said = uvm.transcript();
      await uvm.dispose();
      rmSync(directory, { recursive: true });
      throw new Error(`the bare VM cannot be had: ${said.slice(-2000)}`, { cause: error });
    }
  }

  private constructor(directory: string, uvm: BootedUvm, socket: Socket) {
    this.#directory = directory;
    this.#uvm = uvm;
    this.#socket = socket;
  }

  /** Runs a line of shell, busybox as $b; what it writes to fd 3, up to the first end of a line. */
  async ask(line: string): Promise<string> {
    const pieces: Buffer[] = [];
    const answer = this.#receive((piece) => pieces.push(piece) > 0 && piece.at(-1) === 0x0a);
    this.#socket.write(`${line}\n`);
    await answer;
    return Buffer.concat(pieces).toString().trim();
  }

  /** MB/s of the port from guest to host. */
  async fromGuest(mib: number): Promise<number> {
    const begin = performance.now();
    let left = mib * MIB;
    const received = this.#receive((piece) => {
      left -= piece.length;
      return left <= 0;
    });
    this.#socket.write(`$b dd if=/dev/zero bs=65536 count=${mib * 16} >&3 2>/dev/null\n`);
    await received;
    return (mib * MIB) / 1000 / (performance.now() - begin);
  }

  /** MB/s of the port from host to guest. */
  async toGuest(mib: number): Promise<number> {
    const begin = performance.now();
    const done = this.ask(`$b dd bs=65536 count=${mib * 16} iflag=fullblock <&3 >/dev/null 2>&1; $b echo done >&3`);
    const block = Buffer.alloc(256 * 1024);
    for (let sent = 0; sent < mib * MIB; sent += block.length) {
      if (!this.#socket.write(block)) await new Promise((resolve) => this.#socket.once("drain", resolve));
    }
    await done;
    return (mib * MIB) / 1000 / (performance.now() - begin);
  }

  /** Milliseconds of QEMU's own stop, and of its cont. */
  async pauseAndResume(): Promise<{ pause: number; resume: number }> {
    const qmp = await this.#uvm.qmp();
    return { pause: await timed(() => qmp.execute("stop")), resume: await timed(() => qmp.execute("cont")) };
  }

  /** Milliseconds from the stop to the state on the disk, and from the spawn of a second QEMU to its running of it. */
  async saveAndRestore(): Promise<{ save: number; restore: number }> {
    const state = join(this.#directory, "state");
    const qmp = await this.#uvm.qmp();
    await qmp.execute("migrate-set-capabilities", { capabilities: [{ capability: "events", state: true }] });
    // QEMU's default would make it wait.
    await qmp.execute("migrate-set-parameters", { "max-bandwidth": 2 ** 40 });
    const save = await timed(async () => {
      await qmp.execute("stop");
      await migrate(qmp, `exec:cat >${state}`);
      const file = await open(state);
      await file.sync();
      await file.close();
    });
    const restored = new BootedUvm(IMAGE, [
      ...bareMachine(this.#directory, INIT),
      ...port(this.#directory, "port2"),
      ...["-incoming", `exec:cat ${state}`],
    ]);
    try {
      await until("the second QEMU listens", () => existsSync(restored.path("qmp.sock")));
      const monitor = await restored.qmp();
      while ((await monitor.execute("query-status")).status === "inmigrate") await sleep(5);
      await monitor.execute("cont");
      return { save, restore: restored.elapsed() };
    } finally {
      await restored.dispose();
      await qmp.execute("cont");
    }
  }

  async close(): Promise<void> {
    this.#socket.destroy();
    await this.#uvm.dispose();
    rmSync(this.#directory, { recursive: true });
  }

  /** Takes what comes until `last` is true of a piece of it. */
  async #receive(last: (piece: Buffer) => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const take = (piece: Buffer): void => {
        if (!last(piece)) return;
        this.#socket.off("data", take).off("error", reject);
        resolve();
      };
      this.#socket.on("data", take).on("error", reject);
    });
  }
}

/** QEMU's arguments for a VM whose first process is that script; its initramfs is made in the directory. */
export function bareMachine(directory: string, init: string): string[] {
  const initrd = join(directory, "initrd.cpio");
  copyFileSync(join(IMAGE, "initrd.cpio"), initrd);
  const data = new TextEncoder().encode(init);
  appendFileSync(initrd, writeCpio([{ kind: "file", path: "bare-init", mode: 0o755, data }]));
  return [
    ...["-initrd", initrd],
    ...["-append", "console=ttyS0 quiet panic=-1 reboot=t swiotlb=512 rdinit=/bare-init"],
  ];
}

function port(directory: string, name: string): string[] {
  return [
    ...["-chardev", `socket,id=bare,path=${join(directory, name)},server=on,wait=off`],
    ...["-device", "virtserialport,bus=vser0.0,nr=2,chardev=bare,id=bare,name=bare"],
  ];
}
