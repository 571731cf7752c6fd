import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runtime } from "#runtime";
import { failedPrecondition, ShimError, unavailable } from "../../../errors/shim-error.ts";
import { within } from "../../../errors/within.ts";
import { CapabilitiesVMResponseSupportedGuestOS } from "../../../generated/vmservice.ts";
import { type Logger, silentLogger } from "../../../log/logger.ts";
import { HybridVsockHost } from "../../../transport/hybrid-vsock/host.ts";
import { connect } from "../../../ttrpc/socket.ts";
import { findProgram } from "../../find-program.ts";
import { GuestConsole } from "../../guest-console.ts";
import type { CallOptions } from "../../lifetime.ts";
import { ShareTree } from "../../share-tree.ts";
import type { UvmSizing } from "../../sizing.ts";
import { notSupported, unsupportedGuestOs } from "../../support.ts";
import type { Stack, UtilityVM, UvmOptions } from "../../uvm.ts";
import { removeVmCgroups } from "../../vm-cgroup.ts";
import { createRequest } from "./config.ts";
import { launchService, type ServiceProcess } from "./launch.ts";
import { RemoteUvm } from "./remote-uvm.ts";
import { SocketDirectory } from "./socket-directory.ts";
import { VmService } from "./vm-service.ts";

const MIB = 1024 * 1024;
const CONSOLE_MS = 5_000;
const TEARDOWN_MS = 5_000;

/** Where a VM's service is had from: a program that is started for each, or one that serves already. */
export type ServiceSource =
  | { readonly binary: string; readonly arguments?: readonly string[] }
  /** The path of its socket. It has one VM: a second create is refused. */
  | { readonly address: string };

export interface RemoteStackOptions {
  readonly service: ServiceSource;
  /** What a UVM's options say of its service goes over that; default: false, it is refused. */
  readonly annotations?: boolean;
  /** Files of this host (docs/remotevm.md). */
  readonly kernel: string;
  readonly initrd: string;
  readonly root: string;
  /** Added to the guest kernel's command line. */
  readonly kernelArguments?: readonly string[];
  /** Of a UVM whose options have none. What goes beyond the boot size is not carried by the API. */
  readonly sizing?: Pick<UvmSizing, "processors" | "memoryMiB">;
  readonly setpriv?: string;
  readonly log?: Logger;
}

/**
 * VMs of OpenVMM's VM service, or of another that serves the same API (reference: remotevm). `create` throws not-found for
 * a missing program, unavailable for a service that does not start or answer.
 */
export function createRemoteStack(stack: RemoteStackOptions): Stack {
  return {
    name: "remotevm",

    async create(options, call): Promise<UtilityVM> {
      call?.signal?.throwIfAborted();
      const making = new Making(stack, options);
      try {
        return await making.make(call);
      } catch (error) {
        await making.undo();
        throw error;
      }
    },

    async restore(): Promise<UtilityVM> {
      throw notSupported("remotevm", "lifetime", "restore");
    },
  };
}

/** Throws failed-precondition for annotations that this stack is not to heed, or that want another. */
function serviceFor(
  { id, vmService }: UvmOptions,
  { service, annotations = false }: RemoteStackOptions,
): ServiceSource {
  if (vmService === undefined) return service;
  const { source = "remotevm", address, path } = vmService;
  if (source !== "remotevm" && source !== "vmservice") {
    throw failedPrecondition(`vm ${id} is to come from ${source}, by its annotations; stack remotevm cannot make it`);
  }
  if (address === undefined && path === undefined) return service;
  if (!annotations) {
    throw failedPrecondition(
      `vm ${id} names its own VM service, by its annotations; cannot start it: set remotevm.annotations in the configuration`,
    );
  }
  return address !== undefined ? { address } : { binary: path ?? "" };
}

/** One create: what it has made so far, for who has to take it away. */
class Making {
  readonly #stack: RemoteStackOptions;
  readonly #options: UvmOptions;
  readonly #log: Logger;
  readonly #sockets: SocketDirectory;
  readonly #shares: ShareTree;
  readonly #undo: (() => void)[] = [];
  #process: ServiceProcess | undefined;
  /** That has a VM of ours. */
  #created: VmService | undefined;

  constructor(stack: RemoteStackOptions, options: UvmOptions) {
    this.#stack = stack;
    this.#options = options;
    this.#log = stack.log ?? silentLogger;
    this.#shares = new ShareTree(options.stateDirectory);
    this.#sockets = new SocketDirectory(options.stateDirectory);
    this.#undo.push(() => this.#sockets.close());
  }

  async make(call: CallOptions | undefined): Promise<UtilityVM> {
    const { id, stateDirectory } = this.#options;
    const log = this.#log;
    const { service, socketPath, pid } = await this.#connect(call);
    const capabilities = await service.capabilities(call);
    if (!capabilities.supportedGuestOs.includes(CapabilitiesVMResponseSupportedGuestOS.Linux)) {
      throw unsupportedGuestOs("remotevm", "linux", `the service at ${socketPath}`);
    }
    this.#undo.push(() => this.#shares.close());
    this.#shares.prepare();
    const anchor = join(stateDirectory, "scsi-anchor.img");
    this.#undo.push(() => rmSync(anchor, { force: true }));
    writeFileSync(anchor, "", { mode: 0o444 });
    truncateSync(anchor, MIB);
    const consoleSocket = await this.#listenForConsole();
    const { processors, memoryMiB } = this.#options.sizing ?? this.#stack.sizing ?? { processors: 1, memoryMiB: 256 };
    const { kernel, initrd, root, kernelArguments = [] } = this.#stack;
    const vsock = this.#sockets.path("vsock");
    const request = createRequest({
      ...{ id, processors, memoryMiB, kernel, initrd, root, kernelArguments, anchor, vsock },
      ...{ shares: this.#shares.path, console: consoleSocket.path },
    });
    // Also one that was given up: it may be there all the same.
    this.#created = service;
    await service.create(request, call);
    const console = await consoleSocket.take();
    const { memoryStats, processorStats } = await service.properties(call);
    return new RemoteUvm({
      options: this.#options,
      devices: { id, service, socketPath, capabilities, shares: this.#shares, log },
      sockets: new HybridVsockHost(vsock, log),
      ...(console && { console }),
      ...(this.#process && { process: this.#process }),
      pid,
      hasStatistics: memoryStats !== undefined && processorStats !== undefined,
      release: () => this.#release(),
    });
  }

  /** After a failure. What made it fail is what is told. */
  async undo(): Promise<void> {
    const { id, stateDirectory } = this.#options;
    try {
      if (this.#process !== undefined) {
        this.#process.kill();
        await this.#process.ended;
      } else {
        await this.#created?.teardown({ signal: AbortSignal.timeout(TEARDOWN_MS) }).catch(() => undefined);
      }
      this.#release();
      await removeVmCgroups(stateDirectory);
    } catch (error) {
      this.#log.error(`vm ${id} is left behind in parts`, { error });
    }
  }

  #release(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }

  async #connect(call: CallOptions | undefined): Promise<{ service: VmService; socketPath: string; pid: number }> {
    const { id } = this.#options;
    const source = serviceFor(this.#options, this.#stack);
    if ("address" in source) {
      const socketPath = source.address;
      const client = await connect(socketPath, call ?? {}).catch((error: unknown) => {
        call?.signal?.throwIfAborted();
        const why = ShimError.from(error).message;
        throw unavailable(
          `nothing serves VMs at ${socketPath} (${why}); cannot create vm ${id}: start a service there`,
        );
      });
      this.#undo.push(() => client.close());
      return { service: new VmService(client, id), socketPath, pid: process.pid };
    }
    const binary = findProgram(source.binary, "set remotevm.service in the configuration to a service's program");
    const setpriv = findProgram(this.#stack.setpriv ?? "setpriv", "install util-linux 2.33 or later");
    const socketPath = this.#sockets.path("vmservice.sock");
    const { client, process: child } = await launchService(
      { uvm: this.#options, binary, setpriv, arguments: source.arguments ?? [], socketPath },
      call,
    );
    this.#process = child;
    this.#undo.push(() => {
      client.close();
      rmSync(socketPath, { force: true });
    });
    return { service: new VmService(client, id), socketPath, pid: child.pid };
  }

  /** The service connects while it creates the VM. */
  async #listenForConsole(): Promise<{ path: string; take(): Promise<GuestConsole | undefined> }> {
    const path = this.#sockets.path("console.sock");
    rmSync(path, { force: true });
    let connected = (_console: GuestConsole): void => undefined;
    const connection = new Promise<GuestConsole>((resolve) => {
      connected = resolve;
    });
    let console: GuestConsole | undefined;
    const server = await runtime.listen({ path }, (stream) => {
      if (console !== undefined) return stream.destroy();
      console = new GuestConsole(stream, (line) => this.#log.debug(`console: ${line}`));
      connected(console);
    });
    this.#undo.push(() => {
      server.close();
      console?.close();
    });
    return {
      path,
      take: async () => {
        const taken = await within(CONSOLE_MS, connection);
        if (taken === undefined) this.#log.warn(`the service of vm ${this.#options.id} has not connected its console`);
        server.close();
        return taken;
      },
    };
  }
}
