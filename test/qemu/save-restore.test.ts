/** A container in a VM outlives its host: saved, everything killed, restored by another process. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { BUSYBOX, layBusybox } from "../harness/busybox.ts";
import { until } from "../harness/until.ts";
import { notBootable } from "./uvm.ts";

interface Said {
  readonly what: string;
  readonly at: number;
  readonly [more: string]: unknown;
}

/** A host process and what it says. */
class Life {
  readonly said: Said[] = [];
  readonly over: Promise<unknown>;
  readonly #process: ChildProcess;

  constructor(mode: "save" | "restore", directory: string) {
    const program = join(import.meta.dirname, "save-restore-host.ts");
    this.#process = spawn(
      process.execPath,
      [...(process.versions.bun ? [] : ["--import", "tsx"]), program, mode, directory],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const { stdout } = this.#process;
    if (stdout !== null) createInterface(stdout).on("line", (line) => this.said.push(JSON.parse(line)));
    this.over = new Promise((resolve) => this.#process.on("close", resolve));
  }

  async hears(what: string): Promise<Said> {
    return until(
      `it says ${what} (said: ${JSON.stringify(this.said)})`,
      () => {
        assert.ok(this.#process.exitCode === null || this.said.some((each) => each.what === what), "it ended");
        return this.said.find((each) => each.what === what);
      },
      600_000,
    );
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.over;
  }
}

const MKFS = "/usr/sbin/mkfs.ext4";
const COUNTER = "trap 'exit 7' TERM; echo kept >/data/before; i=0; while :; do echo $i; i=$((i+1)); sleep 0.01; done";

function notHere(): string | false {
  if (!existsSync(BUSYBOX)) return `wants a static ${BUSYBOX} (Debian: busybox-static)`;
  if (!existsSync(MKFS)) return `wants ${MKFS} (Debian: e2fsprogs)`;
  return notBootable() ?? false;
}

function image(path: string, content: string): void {
  writeFileSync(path, "");
  truncateSync(path, 16 << 20);
  execFileSync(MKFS, ["-q", "-F", "-d", content, path]);
}

describe("save and restore in QEMU", { skip: notHere(), timeout: 1_800_000 }, () => {
  it("a counter goes on where it stopped, in another process, with every line once, its disks and its size, its exec and its exit code", async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "uvm-save-restore-"));
    for (const name of ["c1", "saved", "empty"]) mkdirSync(join(directory, name), { mode: 0o700 });
    for (const name of ["data", "dev", "proc"]) mkdirSync(join(directory, "root", name), { recursive: true });
    layBusybox(join(directory, "root"), ["sh", "cat", "date", "grep", "sleep"]);
    image(join(directory, "root.img"), join(directory, "root"));
    image(join(directory, "data.img"), join(directory, "empty"));
    const spec = {
      ociVersion: "1.0.2",
      process: {
        cwd: "/",
        args: ["/bin/sh", "-c", COUNTER],
        env: ["PATH=/bin:/sbin:/usr/bin"],
        user: { uid: 0, gid: 0 },
      },
      root: { path: "rootfs" },
      mounts: [
        { destination: "/proc", type: "proc", source: "proc" },
        { destination: "/dev", type: "tmpfs", source: "tmpfs" },
        { destination: "/data", type: "ext4", source: join(directory, "data.img"), options: ["rw", "loop"] },
      ],
      linux: { namespaces: ["pid", "mount", "ipc", "uts"].map((type) => ({ type })) },
    };
    writeFileSync(join(directory, "c1/config.json"), JSON.stringify(spec));
    const clients = new Map(
      ["c1", "e1"].map((name) => {
        const path = join(directory, `${name}.out`);
        execFileSync("mkfifo", [path]);
        return [name, { fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), text: "" }] as [
          string,
          { fd: number; text: string },
        ];
      }),
    );
    const text = (name: string): string => {
      const client = clients.get(name);
      assert.ok(client);
      const buffer = Buffer.alloc(1 << 20);
      try {
        for (let count = readSync(client.fd, buffer); count > 0; count = readSync(client.fd, buffer)) {
          client.text += buffer.toString("utf8", 0, count);
        }
      } catch {
        // Nothing there now.
      }
      return client.text;
    };
    const counted = (): number => {
      const lines = text("c1").split("\n").slice(0, -1);
      assert.deepEqual(
        lines,
        Array.from(lines, (_, index) => String(index)),
      );
      return lines.length;
    };
    const alive = (pid: unknown): boolean => readdirSync("/proc").includes(String(pid));

    const first = new Life("save", directory);
    let second: Life | undefined;
    try {
      const { pid } = await first.hears("running");
      await until("it counts", () => counted() > 20);
      writeFileSync(join(directory, "go"), "");
      const saving = await first.hears("saving");
      const saved = await first.hears("saved");
      const before = counted();
      await first.kill();
      await until("its QEMU is gone", () => !alive(pid));
      assert.equal(counted(), before);

      second = new Life("restore", directory);
      const restoring = await second.hears("restoring");
      const restored = await second.hears("restored");
      assert.equal(restored.status, "running");
      await until("it counts on", () => counted() > before + 50);
      const firstLine = Date.now();
      writeFileSync(join(directory, "stop"), "");
      const over = await second.hears("over");
      assert.deepEqual([over.exec, over.init, over.busy], [0, 7, false]);
      assert.deepEqual(
        second.said
          .filter(({ what }) => what === "event" || what === "warning")
          .map(({ line, message }) => line ?? message),
        ["exec-added e1", "exec-started e1", "exit e1 0", "exit c1 7", "delete c1 7"],
      );
      counted();
      assert.deepEqual(second.said.flatMap(({ what, lun }) => (what === "detached" ? [lun] : [])).sort(), [0, 1]);
      assert.equal(
        execFileSync("e2fsck", ["-fn", join(directory, "data.img")], { stdio: "pipe" }).includes("error"),
        false,
      );
      const cat = ["-R", "cat /after", join(directory, "data.img")];
      assert.equal(execFileSync("debugfs", cat, { stdio: ["ignore", "pipe", "ignore"] }).toString(), "later\n");
      // The guest's clock slept with it; it was told the time.
      const [clock, data, processors, memory = ""] = text("e1").split("\n");
      const [begun, now] = [restored.at / 1000 - 10, Date.now() / 1000 + 10];
      assert.ok(
        begun < Number(clock) && Number(clock) < now,
        `the guest's clock says ${clock}, not ${begun} to ${now}`,
      );
      assert.equal(data, "kept");
      // Grown before the save, and again after the restore.
      assert.equal(processors, "3");
      const mebibytes = Number(memory.replace(/\D/g, "")) / 1024;
      assert.ok(mebibytes > 560 && mebibytes <= 640, `its memory: ${mebibytes} MiB`);
      await second.over;
      assert.ok(!alive(restored.pid));
      const megabytes = statSync(join(directory, "saved/state")).size >> 20;
      t.diagnostic(
        `saved in ${saved.at - saving.at} ms (${megabytes} MiB), restored in ${restored.at - restoring.at} ms, 50 lines more within ${firstLine - restored.at} ms; ${counted()} lines`,
      );
    } finally {
      await first.kill();
      await second?.kill();
      for (const { fd } of clients.values()) closeSync(fd);
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
