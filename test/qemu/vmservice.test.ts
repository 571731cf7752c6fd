/** `uvm-vmservice` with a real VM, driven by its own protocol alone. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { runtime } from "#runtime";
import {
  CreateVMRequest,
  DevicesConfig,
  DirectBoot,
  MemoryConfig,
  ModifyResourceRequest,
  ModifyType,
  PciePort,
  PcieRootComplex,
  PcieTopologyConfig,
  SCSIDisk,
  SerialConfig,
  SerialConfigConfig,
  UEFI,
  VirtioFs,
  VMConfig,
  VmState,
} from "../../src/generated/vmservice.ts";
import { BRIDGE_PORT } from "../../src/prot/protocol.ts";
import { close } from "../../src/sys/libc.ts";
import { isAlive, startTime } from "../../src/sys/process.ts";
import { openTap } from "../../src/sys/tap.ts";
import { HybridVsockHost } from "../../src/transport/hybrid-vsock/host.ts";
import { registerFd } from "../../src/vmmanager/stacks/remotevm/fd-registration.ts";
import { BridgePeer } from "../harness/bridge-peer.ts";
import { run as command } from "../harness/command.ts";
import { until } from "../harness/until.ts";
import { VmServiceProgram } from "../harness/vm-service.ts";
import { GuestShell } from "./guest-shell.ts";
import { notBootable } from "./uvm.ts";

const program = existsSync("out/uvm-vmservice") ? undefined : "wants out/uvm-vmservice: run make build";

/** For a guest's shell: waits until it holds. */
const look = (test: string) => `for i in $(seq 600); do ${test} && exit 0; sleep 0.1; done; ip link; exit 1`;

describe("uvm-vmservice", { skip: notBootable() ?? program ?? false, timeout: 1_800_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), "uvm-vms-"));
  const path = (name: string): string => join(root, name);
  const image = (name: string): string => resolve("out/uvm", name);
  const socket = path("vm.sock");
  const pidfile = path("pid");
  const disk = path("disk");
  let service: VmServiceProgram;
  let host: HybridVsockHost | undefined;
  let peer: BridgePeer | undefined;
  let shell: GuestShell;

  const start = () => VmServiceProgram.start(socket, ["--pidfile", pidfile]);
  const state = async () => (await service.vm.propertiesVM({ types: [] })).state;
  const rootDisk = { backend: { file: { path: image("root.erofs"), direct: false } }, readOnly: true };
  const attached = (name: string, virtio: object) => PciePort.create({ name, attached: { device: { virtio } } });
  const rootPorts = [
    attached("port1", { blk: rootDisk }),
    attached("port2", { vsock: { socketPath: path("v") } }),
    PciePort.create({ name: "port8", hotplug: true }),
  ];
  const config = VMConfig.create({
    memoryConfig: MemoryConfig.create({ memoryMb: 256n }),
    directBoot: DirectBoot.create({
      ...{ kernelPath: image("vmlinuz"), initrdPath: image("initrd.cpio") },
      kernelCmdline: "uvm.vsock=ports vmservice.mark=7",
    }),
    serialConfig: SerialConfig.create({ ports: [SerialConfigConfig.create({ socketPath: path("com1") })] }),
    devicesConfig: DevicesConfig.create({
      virtiofsConfig: [VirtioFs.create({ tag: "uvm", rootPath: path("shared") })],
    }),
    pcie: PcieTopologyConfig.create({ rootComplexes: [PcieRootComplex.create({ name: "rc0", rootPorts })] }),
  });
  const request = CreateVMRequest.create({ config, logId: "vms1" });

  /** The output of a shell line in the guest that has to succeed. */
  async function run(line: string): Promise<string> {
    const { code, output } = await shell.run(`{ ${line}\n} 2>&1`);
    assert.equal(code, 0, `${line}: ${output}\n${service.said}`);
    return output.trim();
  }

  before(async () => {
    mkdirSync(path("shared"));
    writeFileSync(path("shared/told"), "by the host");
    writeFileSync(disk, "");
    truncateSync(disk, 8 << 20);
    service = await start();
  });
  after(async () => {
    peer?.destroy();
    host?.destroy();
    await service?.end("SIGKILL");
    rmSync(root, { recursive: true });
  });

  it("holds its pidfile, is one of its socket, and says what its VMs can do", async () => {
    assert.equal(readFileSync(pidfile, "utf8"), `${service.pid}\n`);
    const refused = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await command([resolve("out/uvm-vmservice"), ...args]);
      assert.deepEqual([code, stdout], [1, ""]);
      return stderr;
    };
    assert.match(await refused("--rpc", `path=${path("other")}`, "--pidfile", pidfile), /is held by a process/);
    assert.match(await refused("--ttrpc", socket), /somebody serves/);
    assert.match(await refused("--rpc", `path=${path("other")},transport=grpc`), /Transport grpc is not served/);
    const { supportedResources } = await service.vm.capabilitiesVM({});
    const scsi = supportedResources.find(({ resource }) => resource === 1);
    assert.deepEqual([scsi?.Add, scsi?.Remove, scsi?.Update], [true, true, false]);
  });

  it("refuses what it can't make, by name, and leaves nothing of it", async () => {
    const refused = VMConfig.create({ ...config, directBoot: undefined, uefi: UEFI.create() });
    const uefi = service.vm.createVM(CreateVMRequest.create({ config: refused }));
    await assert.rejects(uefi, { kind: "unimplemented", message: /config\.uefi is not supported/ });
    const directBoot = DirectBoot.create({ kernelPath: path("none") });
    const missing = service.vm.createVM(CreateVMRequest.create({ config: VMConfig.create({ ...config, directBoot }) }));
    await assert.rejects(missing, { kind: "not-found" });
    assert.equal(await state(), VmState.Uninitialized);
    assert.deepEqual(service.children(), []);
    assert.deepEqual([existsSync(path("v")), existsSync(path("com1"))], [false, false]);
  });

  it("creates a VM that stands still, boots it, and its guest dials the sockets of its host", async () => {
    await service.vm.createVM(request);
    assert.equal(await state(), VmState.Paused);
    await assert.rejects(service.vm.createVM(request), { kind: "failed-precondition" });
    host = new HybridVsockHost(path("v"));
    const listener = host.listen(BRIDGE_PORT);
    await service.vm.resumeVM({});
    const halted = service.vm.waitVM({}).then(async () => {
      assert.fail((await service.vm.propertiesVM({ types: [] })).haltReason);
    });
    halted.catch(() => undefined);
    peer = new BridgePeer(await Promise.race([listener.accept(), halted]));
    assert.equal((await peer.negotiate()).body.Result, 0);
    listener.close();
    shell = new GuestShell(peer, host);
    // Its own words last; of vsock it was not told, as there is no such device.
    const words = await run("cat /proc/cmdline");
    assert.match(words, / vmservice\.mark=7$/);
    assert.doesNotMatch(words, /uvm\.vsock/);
    const { state: running, memoryStats, processorStats } = await service.vm.propertiesVM({ types: [0, 1] });
    assert.equal(running, VmState.Running);
    assert.equal(memoryStats?.assignedMemory, 256n << 20n);
    assert.ok((processorStats?.totalRuntimeNs ?? 0n) > 0n);
  });

  it("plugs a disk in and takes it out again, which the guest sees", async () => {
    const scsiDisk = SCSIDisk.create({ lun: 3, hostPath: disk });
    const modify = (type: ModifyType) => service.vm.modifyResource(ModifyResourceRequest.create({ type, scsiDisk }));
    const seen = "ls -d /sys/block/sd*/device/scsi_device/*:3 2>/dev/null";
    await modify(ModifyType.ADD);
    await assert.rejects(modify(ModifyType.ADD), { kind: "already-exists" });
    await run(`(${look(`${seen} >/dev/null`)}) && cat /sys/block/sda/size`).then((size) => assert.equal(size, "16384"));
    await modify(ModifyType.REMOVE);
    await run(`(${look(`! ${seen} >/dev/null`)})`);
    await assert.rejects(modify(ModifyType.REMOVE), { kind: "not-found" });
  });

  it("plugs an adapter in, on a tap that it was passed, and takes it out again", async () => {
    const tap = openTap(`vms${process.pid % 100_000}`);
    const registration = await registerFd(socket, "t0", tap, { signal: AbortSignal.timeout(60_000) });
    const net = { macAddress: "02-00-5E-10-00-01", backend: { tap: { fdName: "t0" } } };
    try {
      await service.vm.addPcieDevice({ portName: "port8", device: { virtio: { net } } });
    } finally {
      // What the VM has is a copy.
      registration.forget();
      close(tap);
    }
    await run(look("ip link | grep -q 02:00:5e:10:00:01"));
    await service.vm.removePcieDevice({ portName: "port8" });
    await run(look("! ip link | grep -q 02:00:5e:10:00:01"));
  });

  it("serves the guest a directory, by its tag", async () => {
    await run(`mkdir -p /run/d; ${look("mount -t virtiofs uvm /run/d")}`);
    assert.equal(await run(`cat /run/d/told && echo by the guest >/run/d/answer`), "by the host");
    assert.equal(readFileSync(path("shared/answer"), "utf8"), "by the guest\n");
    await run("umount /run/d");
  });

  it("has its serial port on a socket, where what was said before is read first", async () => {
    let text = "";
    const serial = await runtime.connect(path("com1"));
    serial.open({
      data: (chunk) => {
        text += Buffer.from(chunk).toString("latin1");
      },
      end: () => undefined,
      drain: () => undefined,
      close: () => undefined,
    });
    await run("echo said late >/dev/ttyS0");
    await until("both on the serial port", () => /machine prepared.*said late/s.test(text));
    serial.destroy();
  });

  it("stands still while it is paused", async () => {
    await service.vm.pauseVM({});
    assert.equal(await state(), VmState.Paused);
    let answered = false;
    const answer = run("echo on").then((said) => {
      answered = true;
      return said;
    });
    // As long as anything of the host's takes: what is answered by then came from a guest that runs.
    for (let i = 0; i < 20; i++) await service.vm.propertiesVM({ types: [0, 1] });
    assert.equal(answered, false);
    await service.vm.resumeVM({});
    assert.equal(await answer, "on");
  });

  it("tells all who wait that the guest has turned itself off", async () => {
    const waiting = [service.vm.waitVM({}), service.vm.waitVM({})];
    // Nobody is left to answer.
    shell.run("echo o >/proc/sysrq-trigger; sleep 60").catch(() => undefined);
    await Promise.all([...waiting, service.vm.waitVM({})]);
    const { state: halted, haltReason } = await service.vm.propertiesVM({ types: [] });
    assert.equal(halted, VmState.Halted);
    assert.match(haltReason ?? "", /the guest powered itself off/);
    await service.vm.teardownVM({});
    host?.destroy();
    assert.equal(await state(), VmState.Uninitialized);
    await until("the end of all processes", () => service.children().length === 0);
    assert.deepEqual([existsSync(path("v")), existsSync(path("com1"))], [false, false]);
  });

  it("makes another VM, which dies with a server that is killed; the next one starts in its place", async () => {
    await service.vm.createVM(request);
    const processes = service.children().map((pid) => ({ pid, started: startTime(pid) ?? 0n }));
    assert.ok(processes.length >= 2, "QEMU and virtiofsd");
    await service.end("SIGKILL");
    await until("the VM's end", () => processes.every(({ pid, started }) => !isAlive(pid, started)));
    service = await start();
    assert.equal(await state(), VmState.Uninitialized);
    await service.vm.createVM(request);
    const waiting = assert.rejects(service.vm.waitVM({}), { kind: "aborted" });
    await service.vm.quit({});
    await waiting;
    assert.equal(await service.end(), 0);
    assert.deepEqual(readdirSync(root).sort(), ["disk", "shared"]);
  });
});
