import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "../../src/log/logger.ts";
import { BRIDGE_PORT } from "../../src/prot/protocol.ts";
import { HostMux } from "../../src/transport/mux/host-mux.ts";
import type { UvmSizing } from "../../src/vmmanager/sizing.ts";
import { spawnVmProcess } from "../../src/vmmanager/spawn-vm-process.ts";
import { commandLine } from "../../src/vmmanager/stacks/qemu/command-line.ts";
import type { DeviceSettings } from "../../src/vmmanager/stacks/qemu/devices/context.ts";
import { QemuDevices } from "../../src/vmmanager/stacks/qemu/devices/devices.ts";
import type { UvmDocument } from "../../src/vmmanager/stacks/qemu/document.ts";
import { bootFilesOf } from "../../src/vmmanager/stacks/qemu/process.ts";
import { QemuHost } from "../../src/vmmanager/stacks/qemu/qemu-host.ts";
import { BridgePeer } from "../harness/bridge-peer.ts";
import { GuestShell } from "./guest-shell.ts";

const sizing: UvmSizing = { processors: 1, maxProcessors: 4, memoryMiB: 256, maxMemoryMiB: 1024 };

/** A QEMU as the stack starts it, without the stack: its monitor is at hand, its device managers, and a shell in its guest. */
export class DeviceVm {
  readonly directory: string;
  readonly logged: string[] = [];
  readonly host: QemuHost;
  readonly devices: QemuDevices;
  readonly shell: GuestShell;
  readonly #mux: HostMux;
  readonly #peer: BridgePeer;

  private constructor(parts: Omit<DeviceVmParts, "logged">, logged: string[]) {
    this.directory = parts.directory;
    this.host = parts.host;
    this.devices = parts.devices;
    this.logged = logged;
    this.#mux = parts.mux;
    this.#peer = parts.peer;
    this.shell = new GuestShell(parts.peer, parts.mux.sockets);
  }

  static async boot(): Promise<DeviceVm> {
    const directory = mkdtempSync(join(tmpdir(), "uvm-devices-"));
    const logged: string[] = [];
    const log = createLogger({ level: "info", sink: { write: (line) => logged.push(line) } });
    const document: UvmDocument = { accelerator: "tcg", machine: "pc", sizing, kernelArguments: [] };
    const id = "devices";
    const uvm = { id, stateDirectory: directory };
    const host = await QemuHost.start({
      ...{
        uvm,
        log,
        binary: "qemu-system-x86_64",
        setpriv: "setpriv",
        boot: bootFilesOf("out/uvm"),
        accelerator: "tcg",
      },
      argv: commandLine(document, { id }),
    });
    const settings: DeviceSettings = {
      ...{ id, sizing, log, stateDirectory: directory, setpriv: "setpriv", accelerator: "tcg" },
      virtiofsdProgram: "/usr/lib/qemu/virtiofsd",
      spawn: (what, argv, stdio) => spawnVmProcess(uvm, what, argv, stdio),
    };
    const devices = new QemuDevices(host.monitor, settings);
    const mux = new HostMux();
    const { port } = host;
    assert.ok(port !== undefined);
    host.monitor.qmp.on("VSERPORT_CHANGE", ({ open }) => {
      if (open) void mux.attach(port);
    });
    const listener = mux.sockets.listen(BRIDGE_PORT);
    try {
      await host.monitor.qmp.execute("cont");
      await Promise.race([mux.established, host.ended.then((error) => assert.fail(error))]);
      const peer = new BridgePeer(await listener.accept());
      assert.equal((await peer.negotiate()).body.Result, 0);
      return new DeviceVm({ directory, host, devices, mux, peer }, logged);
    } catch (cause) {
      mux.destroy();
      host.kill();
      await host.ended;
      rmSync(directory, { recursive: true });
      throw cause;
    }
  }

  /** The output of a shell line that has to succeed. */
  async run(line: string): Promise<string> {
    const { code, output } = await this.shell.run(`{ ${line}\n} 2>&1`);
    assert.equal(code, 0, `${line}: ${output}`);
    return output.trim();
  }

  /** A path in the VM's directory. */
  path(name: string): string {
    return join(this.directory, name);
  }

  async dispose(): Promise<void> {
    this.#peer.destroy();
    this.#mux.destroy();
    this.host.kill();
    await this.host.ended;
    this.host.monitor.close();
    await this.devices.close();
    rmSync(this.directory, { recursive: true });
  }
}

interface DeviceVmParts {
  readonly directory: string;
  readonly logged: string[];
  readonly host: QemuHost;
  readonly devices: QemuDevices;
  readonly mux: HostMux;
  readonly peer: BridgePeer;
}
