import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { WINDOWS_GCS_HOST_ID, WINDOWS_GCS_SERVICE_ID, WINDOWS_LOGGING_SERVICE_ID } from "../../src/prot/hvsocket.ts";
import { Recorder } from "../../src/sys/stream-recorder.ts";
import { until } from "../harness/until.ts";
import { dialRigService } from "./guest-sockets.ts";
import { Containerd, clientPipe, WindowsPod } from "./pod.ts";
import { KILLED, ScriptedWindowsGuest } from "./scripted-windows-guest.ts";
import { RUN_DIRECTORY, runs } from "./shim.ts";

const containerd = new Containerd();
const OCI = "types.containerd.io/opencontainers/runtime-spec/1/";
const oci = (type: string, document: object) => ({ typeUrl: OCI + type, value: Buffer.from(JSON.stringify(document)) });

/** A pod of one Windows container in a WCOW VM; its layers are folders that nobody looks into, but for the VM's own files. */
class WcowPod extends WindowsPod {
  override readonly os = "windows";
  windowsGuest: ScriptedWindowsGuest | undefined;
  vmId = "";
  failing: readonly string[] = [];
  annotations: Readonly<Record<string, string>> = {};
  dial: (serviceId: string) => Promise<Recorder> = () => assert.fail("its VM has not started");
  readonly shared: string;
  readonly own: string;
  readonly layers: readonly string[];

  constructor(id: string) {
    super(id);
    const folder = (name: string): string => {
      const path = join(this.bundle, name);
      mkdirSync(path);
      return path;
    };
    this.shared = folder("shared");
    this.own = folder("own");
    this.layers = [folder("layer-1"), folder("layer-0")];
    writeFileSync(join(this.own, "sandbox.vhdx"), "");
    const base = join(this.layers[1] ?? "", "UtilityVM");
    mkdirSync(join(base, "Files"), { recursive: true });
    writeFileSync(join(base, "SystemTemplate.vhdx"), "");
  }

  override spec(args: readonly string[]): object {
    return {
      ociVersion: "1.1.0",
      process: { args, cwd: "C:\\", user: { username: "ContainerUser" } },
      mounts: [{ source: this.shared, destination: "C:\\data", options: ["ro"] }],
      windows: {},
      annotations: this.annotations,
    };
  }

  request(stdout = "") {
    const options = ["rw", `parentLayerPaths=${JSON.stringify(this.layers)}`];
    const io = { terminal: false, stdin: "", stdout, stderr: "", checkpoint: "", parentCheckpoint: "" };
    const rootfs = [{ type: "windows-layer", source: this.own, target: "", options }];
    return { id: this.id, bundle: this.bundle, rootfs, ...io, options: undefined };
  }

  protected override async runGuest(directory: string, vmId: string, signal: AbortSignal): Promise<void> {
    const dial = (serviceId: string) => dialRigService(directory, vmId, serviceId, signal);
    this.vmId = vmId;
    this.dial = async (serviceId) => new Recorder(await dial(serviceId));
    this.windowsGuest = new ScriptedWindowsGuest(dial);
    for (const asked of this.failing) this.windowsGuest.failing.add(asked);
    await this.windowsGuest.run(await dial(WINDOWS_GCS_SERVICE_ID), signal);
  }

  /** What HCS was asked to change of the VM, in order: "Add scsi PATH". */
  changes(): string[] {
    return this.log().flatMap(({ call, document }) => {
      if (call !== "HcsModifyComputeSystem" || document === undefined) return [];
      const { RequestType = "Add", ResourcePath = "", Settings } = JSON.parse(document);
      const device = /VirtualSmb/.test(ResourcePath) ? "vsmb" : /Scsi/.test(ResourcePath) ? "scsi" : ResourcePath;
      const path = Settings?.Path ?? (device === "vsmb" ? Settings?.Name : "");
      return [[RequestType, device, path].filter(Boolean).join(" ")];
    });
  }

  async finish(): Promise<void> {
    const { pid } = this;
    await this.tasks.shutdown({ id: this.id, now: false });
    await this.leave();
    await until("the daemon's end", () => !runs(pid));
    const log = this.log();
    const found = log.filter(({ bug, detach, result }) => bug !== undefined || (detach !== undefined && result !== 0));
    assert.deepEqual(found, []);
    assert.equal(log.filter(({ call }) => call === "HcsCloseComputeSystem").length, 1);
    assert.deepEqual(existsSync(RUN_DIRECTORY) ? readdirSync(RUN_DIRECTORY) : [], []);
  }
}

const kinds = (changes: readonly string[]) => changes.map((change) => change.split(" ").slice(0, 2).join(" "));

let pod: WcowPod;

before(() => containerd.open());
after(() => containerd.close());
afterEach(async () => {
  if (runs(pod.pid)) process.stderr.write(pod.daemonLog());
  await pod.abandon();
  containerd.events.splice(0);
  rmSync(RUN_DIRECTORY, { recursive: true, force: true });
});

describe("a pod with a Windows guest", () => {
  it("runs a Windows container: its layers by VSMB, its scratch by SCSI, exec, kill, and all of it taken back", async () => {
    pod = new WcowPod("wcow");
    const { id } = pod;
    await pod.start(["ping", "-t"], containerd);
    await pod.tasks.create(pod.request());
    const guest = pod.windowsGuest;
    assert.ok(guest);
    const [root, system] = ["modify Add", "create"];
    assert.deepEqual(guest.asked, [
      ...["negotiate", system, "start", "modify Update HvSocket", "service"],
      ...[`${root} MappedVirtualDisk`, `${root} CombinedLayers`, `create ${id}`],
    ]);
    const address = guest.bodies.get("modify Update HvSocket")?.Request;
    assert.deepEqual((address as { Settings: object }).Settings, {
      ...{ LocalAddress: pod.vmId, ParentAddress: WINDOWS_GCS_HOST_ID },
    });
    const { Container } = JSON.parse(String(guest.bodies.get(`create ${id}`)?.ContainerConfig));
    const [first] = Container.Storage.Layers;
    assert.equal(Container.Storage.Layers.length, 2);
    // The stand-in's GUID of "layer-1": its length and its sum.
    assert.equal(first.Id, "11223344-5566-0007-0000-00000000007b");
    assert.deepEqual(Container.MappedDirectories.length, 1);
    const added = [...pod.layers, join(pod.own, "sandbox.vhdx"), pod.shared];
    const devices = ["vsmb", "vsmb", "scsi", "vsmb"];
    assert.deepEqual(
      pod.changes(),
      added.map((path, i) => `Add ${devices[i]} ${path}`),
    );

    await pod.tasks.start({ id, execId: "" });
    const stdout = await clientPipe();
    const io = { terminal: false, stdin: "", stdout: stdout.path, stderr: "" };
    const spec = oci("Process", { args: ["echo", "hello"], cwd: "C:\\" });
    await pod.tasks.exec({ id, execId: "said", spec, ...io });
    await pod.tasks.start({ id, execId: "said" });
    assert.equal((await pod.tasks.wait({ id, execId: "said" })).exitStatus, 0);
    await (await stdout.peer).seen("end");
    assert.equal((await stdout.peer).text(), "hello\r\n");
    stdout.close();

    const annotations = new Map<string, string>();
    const resources = oci("WindowsResources", { memory: { limit: 256 << 20 } });
    await pod.tasks.update({ id, resources, annotations });
    assert.ok(
      guest.asked.some((asked) => /^modify wcow Update .*Memory/.test(asked)),
      guest.asked.join(),
    );
    const linux = { id, resources: oci("LinuxResources", { memory: { limit: 1 } }), annotations };
    await assert.rejects(pod.tasks.update(linux), /is a Windows one; cannot update it with LinuxResources/);

    const log = await pod.dial(WINDOWS_LOGGING_SERVICE_ID);
    log.stream.write(Buffer.from('{"level":"error","msg":"Windows says so"}\n'));
    await until("the guest's entry", () => pod.daemonLog().includes('msg="Windows says so"'));
    log.stream.destroy();

    await pod.tasks.kill({ id, execId: "", signal: 9, all: true });
    assert.equal((await pod.tasks.wait({ id, execId: "" })).exitStatus, KILLED);
    const before = guest.asked.length;
    assert.equal((await pod.tasks.delete({ id, execId: "" })).exitStatus, KILLED);
    assert.deepEqual(guest.asked.slice(before, before + 3), [
      ...[`shutdown ${id}`, "modify Remove CombinedLayers", "modify Remove MappedVirtualDisk"],
    ]);
    // Shares that the guest maps stay until the VM's end.
    assert.deepEqual(kinds(pod.changes().slice(4)), ["Remove scsi"]);
    await pod.finish();
    const execs = ["exec-added", "exec-started", "exit said 0"];
    assert.deepEqual(containerd.events, ["create", "start", ...execs, `exit ${id} ${KILLED}`, "delete"]);
  });

  const all = ["vsmb", "vsmb", "scsi", "vsmb"];
  for (const [failing, devices] of [
    ["modify Add CombinedLayers", all.slice(0, 3)],
    ["create refused", all],
  ] as const) {
    it(`takes everything back where its guest refuses "${failing}"`, async () => {
      pod = new WcowPod("refused");
      pod.annotations = { "io.microsoft.virtualmachine.wcow.virtualSMB.nodirectmap": "true" };
      await pod.start(["ping", "-t"], containerd);
      pod.failing = [failing];
      await assert.rejects(pod.tasks.create(pod.request()), /planted/);
      assert.deepEqual(kinds(pod.changes()), [
        ...devices.map((device) => `Add ${device}`),
        ...devices.toReversed().map((device) => `Remove ${device}`),
      ]);
      assert.deepEqual(pod.windowsGuest?.asked.slice(-3), [
        ...[failing, "modify Remove CombinedLayers", "modify Remove MappedVirtualDisk"],
      ]);
      await pod.finish();
      assert.deepEqual(containerd.events, []);
      rmSync(pod.bundle, { recursive: true });
      rmSync(join(pod.bundle, "..", "refused.sockets"), { recursive: true });
    });
  }

  it("refuses a Linux container beside its own", async () => {
    pod = new WcowPod("pairs");
    const { id } = pod;
    await pod.start(["ping", "-t"], containerd);
    await pod.tasks.create(pod.request());
    const bundle = join(pod.bundle, "..", "linux");
    mkdirSync(join(bundle, "rootfs"), { recursive: true });
    writeFileSync(join(bundle, "config.json"), JSON.stringify({ ...WindowsPod.prototype.spec(["sh"]) }));
    const linux = { ...pod.request(), id: "linux", bundle, rootfs: [] };
    await assert.rejects(pod.tasks.create(linux), /container linux is a Linux one, and its vm has a Windows guest/);
    assert.equal((await pod.tasks.delete({ id, execId: "" })).exitStatus, 137);
    await pod.finish();
  });
});
