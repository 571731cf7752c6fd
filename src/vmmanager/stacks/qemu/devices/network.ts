import { rmSync } from "node:fs";
import { alreadyExists, invalidArgument, notFound, ShimError, unimplemented } from "../../../../errors/shim-error.ts";
import { close } from "../../../../sys/libc.ts";
import { connectUnix, connectUnixDatagram } from "../../../../sys/libc-socket.ts";
import { errorCode } from "../../../../sys/sys-error.ts";
import type { CallOptions } from "../../../lifetime.ts";
import type { NetworkAdapter, NetworkManager } from "../../../network.ts";
import { removeDevice } from "../qmp/device-removal.ts";
import { bounded, type DeviceContext, plug, remove, unlessNotFound } from "./context.ts";
import { type AdapterBackend, freeSlot, type PluggedAdapter } from "./hardware.ts";
import { adapterDevice, adapterId, adapterNetdev, netdevId } from "./qmp-arguments.ts";

/** Adapters. QEMU may open neither taps nor sockets: each comes to it open. */
export class NetworkAdapters implements NetworkManager {
  readonly #context: DeviceContext;

  constructor(context: DeviceContext) {
    this.#context = context;
  }

  async addNetworkAdapter(adapter: NetworkAdapter, options?: CallOptions): Promise<void> {
    const { backend } = adapter;
    try {
      await this.#add(adapter, bounded(options));
    } finally {
      // Given up whatever comes of the call.
      if (backend.kind === "tap") close(backend.fd);
    }
  }

  async removeNetworkAdapter(id: string, options?: CallOptions): Promise<void> {
    const call = bounded(options);
    const { monitor, hardware } = this.#context;
    const adapter = hardware.adapters.find((other) => other.id === id);
    if (adapter === undefined) throw notFound(`network adapter ${id} does not exist; cannot remove it`);
    await removeDevice(monitor.qmp, adapterId(id), call);
    await this.#removeNetdev(adapter, call);
    remove(hardware.adapters, adapter);
  }

  async #add(adapter: NetworkAdapter, call: { signal: AbortSignal }): Promise<void> {
    const { hardware, monitor } = this.#context;
    const { id, macAddress, backend } = adapter;
    checkAdapter(adapter);
    if (backend.kind === "endpoint") {
      throw unimplemented(`network adapter ${id} is on an endpoint of a Windows host; stack qemu cannot add it`);
    }
    if (hardware.adapters.some((other) => other.id === id)) {
      throw alreadyExists(`network adapter ${id} exists; cannot add it: remove it first`);
    }
    const plugged = { id, macAddress, slot: freeSlot(hardware), backend: withoutFd(backend) };
    await plug(this.#context, hardware.adapters, plugged, `network adapter ${id}`, async (done) => {
      const fdName = netdevId(id);
      const fd = backend.kind === "tap" ? backend.fd : openBackend(id, plugged.backend);
      done((undo) => this.#removeNetdev(plugged, undo));
      try {
        await monitor.nameFd(fdName, fd, call);
        // Where the netdev comes to be, the name goes.
        done((undo) => monitor.qmp.execute("closefd", { fdname: fdName }, undo).catch(unlessNotFound));
      } finally {
        if (backend.kind !== "tap") close(fd);
      }
      await monitor.qmp.execute("netdev_add", adapterNetdev(plugged, fdName), call);
      done((undo) => removeDevice(monitor.qmp, adapterId(id), undo));
      await monitor.qmp.execute("device_add", adapterDevice(plugged), call);
    });
  }

  async #removeNetdev({ id, backend }: PluggedAdapter, call: { signal: AbortSignal }): Promise<void> {
    await this.#context.monitor.qmp.execute("netdev_del", { id: netdevId(id) }, call).catch(unlessNotFound);
    if (backend.kind === "unix-datagram") rmSync(backend.localPath, { force: true });
  }
}

/** The socket of an adapter that is not a tap, connected; the caller owns it. */
export function openBackend(id: string, backend: AdapterBackend): number {
  try {
    switch (backend.kind) {
      case "tap":
        throw invalidArgument(`adapter ${id} is on a tap; cannot open it: the fd comes from who made it`);
      case "unix-stream":
        return connectUnix(backend.path);
      case "unix-datagram":
        return connectUnixDatagram(backend.localPath, backend.remotePath);
    }
  } catch (error) {
    if (error instanceof ShimError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const message = `nobody carries the frames of adapter ${id}; cannot add it: ${why}`;
    const isMissing = ["ENOENT", "ECONNREFUSED"].includes(errorCode(error) ?? "");
    throw new ShimError(isMissing ? "not-found" : "internal", message, { cause: error });
  }
}

function withoutFd(backend: Exclude<NetworkAdapter["backend"], { kind: "endpoint" }>): AdapterBackend {
  return backend.kind === "tap" ? { kind: "tap" } : backend;
}

function checkAdapter({ id, macAddress }: NetworkAdapter): void {
  // What QEMU takes as an id, and has room for.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(id)) {
    throw invalidArgument(`network adapter id ${JSON.stringify(id)} is not made of letters, digits, ".", "_" and "-"`);
  }
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(macAddress) || (Number.parseInt(macAddress, 16) & 1) !== 0) {
    throw invalidArgument(`network adapter ${id} has the MAC address ${macAddress}; cannot add it: use a unicast one`);
  }
}
