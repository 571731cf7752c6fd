/** VMs of the stack `qemu` that come from a template (docs/vm-template.md): one is booted to be saved, the others are loaded. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readAll } from "../../src/gcs/stdio/read-all.ts";
import { createGuest } from "../../src/guestmanager/create-guest.ts";
import { createLogger } from "../../src/log/logger.ts";
import { VmController } from "../../src/orchestration/vm/controller.ts";
import { type VmHost, vmLimits } from "../../src/orchestration/vm/ports.ts";
import { createQemuStack } from "../../src/vmmanager/stacks/qemu/stack.ts";
import type { UtilityVM, UvmOptions } from "../../src/vmmanager/uvm.ts";
import { listenForFrames } from "./frame-listener.ts";
import { guestRun } from "./guest-run.ts";
import { notBootable } from "./uvm.ts";

const BOOT_MS = 300_000;
const MAC = "02:75:76:6d:00:07";
const isRoot = process.getuid?.() === 0;
const skip = notBootable() ?? (isRoot ? false : "wants root: it shares a directory");

describe("a template of VMs", { skip, timeout: 1_800_000 }, () => {
  let directory = "";
  const running: VmController[] = [];
  const logged: string[] = [];
  const log = createLogger({ level: "info", sink: { write: (line) => void logged.push(line) } });
  const path = (name: string): string => join(directory, name);
  const template = (): string => path(`templates/${fs.readdirSync(path("templates"))[0]}`);
  const times = (text: string): number => logged.filter((line) => line.includes(text)).length;

  async function create(options: UvmOptions, call?: { signal: AbortSignal }): Promise<UtilityVM> {
    fs.mkdirSync(options.stateDirectory, { mode: 0o700 });
    const templates = { directory: path("templates"), makeMs: BOOT_MS };
    return createQemuStack({ image: "out/uvm", templates, log }).create(options, call);
  }

  /** As a pod does it. */
  async function start(id: string, more: Partial<UvmOptions> = {}): Promise<VmHost> {
    const ports = {
      createUvm: create,
      createGuest: ({ sockets }: UtilityVM) => createGuest({ sockets, log }),
      warn: (message: string) => void logged.push(message),
    };
    const vm = new VmController({ id, stateDirectory: path(id), ...more }, ports, { ...vmLimits, boot: BOOT_MS });
    running.push(vm);
    await vm.create();
    await vm.start();
    return vm.host("test it");
  }

  before(() => {
    directory = fs.mkdtempSync(join(tmpdir(), "uvm-template-"));
  });
  after(async () => {
    for (const vm of running) await vm.terminate();
    fs.rmSync(directory, { recursive: true });
  });

  it("is made by the first VM; those that come from it differ in random numbers, have the right time, and take all devices", async () => {
    const facts = "cd /proc/sys/kernel; cat random/uuid random/boot_id; head -c 16 /dev/urandom | md5sum";
    const first = await start("first");
    assert.equal(first.uvm.fromTemplate, true, logged.join(""));
    assert.equal(times("made a template of VMs"), 1);
    assert.deepEqual(fs.readdirSync(template()).sort(), ["state", "vm.json"]);
    const ofFirst = await guestRun(first.guest, facts);
    const left = await guestRun(first.guest, "ls -A /run/gcs/runc; ls -d /run/warm-up; ls /sys/fs/cgroup | grep warm");
    assert.equal(left.output, "", "nobody has used it");

    const begun = Math.floor(Date.now() / 1000);
    const second = await start("second", { shares: true });
    assert.equal(second.uvm.fromTemplate, true, logged.join(""));
    assert.equal(times("made a template of VMs"), 1, "one for both");
    // The template is older than `begun`.
    const clock = Number((await guestRun(second.guest, "date +%s")).output);
    const now = Math.ceil(Date.now() / 1000);
    assert.ok(clock >= begun - 1 && clock <= now + 60, `${clock} is not from ${begun} to ${now}`);
    const ofSecond = await guestRun(second.guest, facts);
    const lines = `${ofFirst.output}${ofSecond.output}`.trim().split("\n");
    assert.equal(lines.length, 6);
    assert.equal(new Set(lines).size, 6, lines.join(", "));

    await takesDevices(second);
    await runsContainer(second);
  });

  async function takesDevices({ uvm, guest }: VmHost): Promise<void> {
    const run = async (line: string): Promise<string> => (await guestRun(guest, line)).output;
    fs.mkdirSync(path("shared"));
    fs.writeFileSync(path("shared/file"), "of the host\n");
    await uvm.addPlan9Share({ name: "s", hostPath: path("shared"), readOnly: true });
    await guest.addMappedDirectory({ shareName: "s", mountPath: "/run/mounts/s", readOnly: true });
    assert.equal(await run("cat /run/mounts/s/file"), "of the host\n");

    const disk = { controller: 0, lun: 3, readOnly: true };
    await uvm.addScsiDisk({ ...disk, hostPath: "out/uvm/root.erofs" });
    await guest.addMappedVirtualDisk({ ...disk, mountPath: "/run/mounts/d" });
    assert.equal(await run("cat /run/mounts/d/etc/hostname"), "uvm\n");

    const frames = await listenForFrames(path("net.sock"));
    try {
      await uvm.addNetworkAdapter({
        id: "eth0",
        macAddress: MAC,
        backend: { kind: "unix-stream", path: path("net.sock") },
      });
      const name = `$(grep -l ${MAC} /sys/class/net/*/address | cut -d/ -f5)`;
      await run(`until [ ${name} ]; do sleep 0.1; done; ip addr add 10.9.8.7/24 dev ${name}; ip link set ${name} up`);
      await run("busybox arping -c 1 -w 1 10.9.8.1");
      const frame = Buffer.from(await frames.next());
      assert.equal(frame.toString("hex", 6, 12), MAC.replaceAll(":", ""));
    } finally {
      frames.close();
    }
  }

  async function runsContainer({ guest }: VmHost): Promise<void> {
    const bundle = "/run/gcs/c/one";
    await guestRun(guest, `mkdir -p ${bundle}/rootfs/proc; cp /bin/busybox ${bundle}/rootfs/`);
    const container = await guest.createContainer("one", {
      ociBundlePath: bundle,
      ociSpecification: {
        ociVersion: "1.0.2",
        process: { args: ["/busybox", "hostname"], cwd: "/", user: { uid: 0, gid: 0 } },
        root: { path: `${bundle}/rootfs` },
        hostname: "of-the-pod",
        mounts: [
          { destination: "/proc", type: "proc", source: "proc" },
          { destination: "/dev", type: "tmpfs", source: "tmpfs" },
        ],
        linux: { namespaces: [{ type: "mount" }, { type: "pid" }, { type: "uts" }] },
      },
    });
    const stdio = { stdout: { kind: "stream" } } as const;
    const { stdout, exitCode } = await container.startInit({ emulateConsole: false, stdio });
    assert.ok(stdout);
    assert.equal(await readAll(stdout, 1 << 20), "of-the-pod\n");
    assert.equal(await exitCode, 0);
  }

  it("that is damaged is refused, removed and told of, and the VM is one to be booted", async () => {
    const at = template();
    const [state, description] = [join(at, "state"), join(at, "vm.json")];
    fs.linkSync(state, path("state"));
    const text = fs.readFileSync(description, "utf8");
    const damages: [RegExp, () => void][] = [
      [/vm\.json is no JSON/, () => fs.writeFileSync(description, text.slice(0, 20))],
      [/state has 5 bytes/, () => replace(state, "short")],
      [/other image|another image/, () => replace(description, text.replace(/"root":"[^"]*"/, '"root":"1:0"'))],
      // Last: it is the one file under both names.
      [/can't be loaded/, () => blank(state)],
    ];
    for (const [index, [told, damage]] of damages.entries()) {
      fs.rmSync(at, { recursive: true, force: true });
      fs.mkdirSync(at, { mode: 0o700 });
      fs.linkSync(path("state"), state);
      fs.writeFileSync(description, text, { mode: 0o600 });
      damage();
      logged.length = 0;
      const uvm = await create({ id: "damaged", stateDirectory: path(`damaged-${index}`) });
      try {
        assert.equal(uvm.fromTemplate, false);
        assert.equal(times("a template is refused and removed"), 1, logged.join(""));
        assert.match(logged.join(""), told);
        assert.deepEqual(fs.readdirSync(path("templates")), []);
        assert.equal((await uvm.properties()).state, "created");
      } finally {
        await uvm.close();
      }
    }
  });
});

/** The old file stays what it is under its other name. */
function replace(file: string, text: string): void {
  fs.rmSync(file);
  fs.writeFileSync(file, text, { mode: 0o600 });
}

function blank(file: string): void {
  const fd = fs.openSync(file, "r+");
  fs.writeSync(fd, Buffer.alloc(4096), 0, 4096, 0);
  fs.closeSync(fd);
}
