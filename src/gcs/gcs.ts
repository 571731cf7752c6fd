import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { runtime } from "#runtime";
import { within } from "../errors/within.ts";
import { type Logger, silentLogger } from "../log/logger.ts";
import { BRIDGE_PORT, RequestType } from "../prot/protocol.ts";
import { pod } from "../prot/resources/pod.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import { Reaper } from "../sys/reaper.ts";
import type { ChildExit } from "../sys/runtime.ts";
import type { GuestSockets } from "../transport/sockets.ts";
import { BridgeServer } from "./bridge/server.ts";
import type { GcsHost } from "./host.ts";
import { type MachineCalls, machineResources } from "./machine/resources.ts";
import { GuestNetwork } from "./network/guest-network.ts";
import { linkByMac } from "./network/links.ts";
import type { LinkResolver } from "./network/ports.ts";
import { tryDial } from "./redial.ts";
import { runProgram } from "./run-program.ts";
import { GuestHost } from "./runtime/guest-host.ts";
import { PodFiles } from "./runtime/pod-files.ts";
import { PodNamespaces } from "./runtime/pod-namespaces.ts";
import { Runc } from "./runtime/runc.ts";
import { withUvmMounts } from "./runtime/uvm-mounts.ts";
import { socketResources } from "./sockets/mapped-sockets.ts";
import { systemStdio } from "./stdio/system-stdio.ts";
import { type StorageResolvers, storageResources } from "./storage/resources.ts";
import { systemMounts } from "./storage/system-mounts.ts";

const DRAIN_MS = 10_000;
/** A host that has been told to end the bridge does so at once; one that is stuck is not waited for. */
const DELIVERY_MS = 1_000;
/** What a command of runc that does not hang may still take. */
const COMMAND_MS = 1_500;
/** A runc that hangs may hang in the roll-back too. */
const ROLL_BACK_MS = 2_000;
/** What a process counts as whose code nobody can tell any more (reference: hcsshim 11). */
const UNKNOWN_EXIT: ChildExit = { code: 255 };

export interface GcsOptions {
  readonly sockets: GuestSockets;
  /** Ours alone, mode 0700: runc's state, pid files, console sockets. */
  readonly stateDirectory: string;
  readonly runc?: {
    /** Default: `runc` on PATH. */
    readonly binary?: string;
    /** Default: below the state directory. */
    readonly root?: string;
    readonly systemdCgroup?: boolean;
    readonly noPivotRoot?: boolean;
    readonly noNewKeyring?: boolean;
  };
  readonly storage?: StorageResolvers;
  readonly network?: { readonly findLink?: LinkResolver };
  /** Of a machine of its own: its clock, its random numbers, its processors. Absent where it is the host's. */
  readonly machine?: MachineCalls;
  /** The process's one reaper; its own otherwise, started with `run`. */
  readonly reaper?: Pick<Reaper, "watch">;
  /** How long a process's exit waits for its output to reach the host. Default: 10 s (reference: containerd-shim 1.17). */
  readonly drainMs?: number;
  /** Of `killCommands`, in ms: what a command may still take, default 1500, and then the roll-back of a create, default 2000. */
  readonly commandMs?: number;
  readonly rollBackMs?: number;
  /** After a Shutdown of the guest itself; `run` returns too. */
  readonly powerOff?: () => void;
  readonly log?: Logger;
}

export interface Gcs {
  readonly host: GcsHost;
  /** Dials the host's bridge port and serves it, again and again, until the signal aborts or the guest is shut down. */
  run(options: { signal: AbortSignal }): Promise<void>;
  /** Kills the commands of runc that still run after a moment; what they were creating is taken back. For a guest without a machine of its own, which would end with it. */
  killCommands(): Promise<void>;
  /** Once it holds no container: takes no more of them. */
  endCommands(): Promise<void>;
}

/** The guest compute service. Containers outlive a lost bridge; what was not told yet is told to the next host. */
export function createGcs(options: GcsOptions): Gcs {
  const { sockets, stateDirectory, machine, log = silentLogger } = options;
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  const poweredOff = new AbortController();
  const ownReaper = options.reaper === undefined ? new Reaper() : undefined;
  const reaper = options.reaper ?? ownReaper;
  const network = new GuestNetwork(options.network?.findLink ?? ((adapter) => linkByMac(adapter)), runProgram);
  const podFiles = new PodFiles(network);
  const podDirectory = join(stateDirectory, "pod");
  const uvmMounts = { mounts: systemMounts, bundles: "/run/gcs/c" };
  const podNamespaces = new PodNamespaces(podDirectory, (argv, spawnOptions) => runtime.spawn(argv, spawnOptions));
  const runc = new Runc({
    binary: options.runc?.binary ?? "runc",
    root: options.runc?.root ?? join(stateDirectory, "runc"),
    systemdCgroup: options.runc?.systemdCgroup ?? false,
    noPivotRoot: options.runc?.noPivotRoot ?? false,
    noNewKeyring: options.runc?.noNewKeyring ?? false,
    logDirectory: join(stateDirectory, "log"),
  });
  const host = new GuestHost(
    {
      runc,
      stdio: systemStdio(stateDirectory),
      dial: (port) => sockets.dial(port),
      spawn: (argv, spawnOptions) => runtime.spawn(argv, spawnOptions),
      watchExit: async (pid) => (await reaper?.watch(pid).catch(() => undefined)) ?? UNKNOWN_EXIT,
      drainMs: options.drainMs ?? DRAIN_MS,
      stateDirectory,
      joinNetwork: (namespaceId, containerId) => network.join(namespaceId, containerId),
      leaveNetwork: (namespaceId, containerId) => network.leave(namespaceId, containerId),
    },
    {
      resources: {
        ...storageResources(systemMounts, runProgram, options.storage ?? {}),
        [ResourceType.network]: {
          [RequestType.add]: (settings) => network.add(settings),
          [RequestType.remove]: (settings) => network.remove(settings),
        },
        [ResourceType.pod]: {
          [RequestType.add]: async (settings) => {
            const { id, hostname, hosts, resolvConf } = pod.decode(settings, "Pod");
            await podFiles.add(id, podDirectory, { hostname, hosts, "resolv.conf": resolvConf });
            podNamespaces.hostname = hostname;
          },
        },
        ...(machine && machineResources(machine)),
        ...socketResources(runtime, sockets),
      },
      async preparePod(id, settings) {
        const prepared = await podFiles.prepare(id, settings);
        const joined = await podNamespaces.join(prepared.ociSpecification);
        // Where the guest is the host itself, those paths are the host's.
        if (machine === undefined) return { ...prepared, ociSpecification: joined };
        return { ...prepared, ociSpecification: await withUvmMounts(id, joined, uvmMounts) };
      },
      releasePod: () => podNamespaces.release(),
      powerOff() {
        // The answer to the shutdown leaves first.
        setImmediate(() => {
          poweredOff.abort();
          options.powerOff?.();
        });
      },
    },
  );
  const isMachine = machine !== undefined;
  const capabilities = { resumeSupported: isMachine, processorsSupported: isMachine };
  const server = new BridgeServer({ host, capabilities, log });

  return {
    host,
    async killCommands() {
      await runc.killCommands({ afterMs: options.commandMs ?? COMMAND_MS });
      await within(options.rollBackMs ?? ROLL_BACK_MS, host.created());
    },
    endCommands: () => runc.end(),
    async run({ signal }) {
      const over = AbortSignal.any([signal, poweredOff.signal]);
      ownReaper?.start();
      const close = (): void => void server.close();
      over.addEventListener("abort", close);
      try {
        while (!over.aborted) {
          const stream = await tryDial(sockets, BRIDGE_PORT, over);
          if (stream === undefined) continue;
          // Aborted while the dial succeeded: `close` found no connection to end.
          if (over.aborted) {
            stream.destroy();
            break;
          }
          const reason = await server.serve(stream);
          log.info("bridge ended", { reason: reason?.message });
        }
        // Whoever turns this guest off now would take the answer to the shutdown with it.
        if (poweredOff.signal.aborted) await within(DELIVERY_MS, server.close());
      } finally {
        over.removeEventListener("abort", close);
        ownReaper?.stop();
      }
    },
  };
}
