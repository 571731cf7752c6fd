import type { ChildExit, Runtime } from "../../sys/runtime.ts";
import type { ContainerSettings, DialStdio } from "../host.ts";
import type { StdioCalls } from "../stdio/ports.ts";
import type { Runc } from "./runc.ts";

/** What a container needs of the guest around it. */
export interface RuntimePorts {
  readonly runc: Runc;
  readonly stdio: StdioCalls;
  readonly dial: DialStdio;
  readonly spawn: Runtime["spawn"];
  /** The exit of a process that became our child when runc ended; also if it is over already. */
  watchExit(pid: number): Promise<ChildExit>;
  /** Milliseconds that a process's output may take after its exit (GuestProcessSettings). */
  readonly drainMs: number;
  /** Per container: its pid files, process documents. */
  readonly stateDirectory: string;
  /** Before create: the path of the network namespace that the host names, whose user the container becomes. */
  readonly joinNetwork: (namespaceId: string, containerId: string) => Promise<string>;
  /** The container is gone, or has not come. */
  readonly leaveNetwork: (namespaceId: string, containerId: string) => Promise<void>;
}

/** The rest of the guest, as wired in gcs.ts. */
export interface GuestSettings {
  /** ModifySettings for the guest: resource type -> request type -> what to do with the Settings. */
  readonly resources: Readonly<Record<string, Readonly<Record<string, (settings: unknown) => void | Promise<void>>>>>;
  /** Before create: hostname, hosts and resolv.conf, where the host leaves them to this guest. */
  readonly preparePod?: (id: string, settings: ContainerSettings) => Promise<ContainerSettings>;
  /** Once every container has ended: what the guest keeps for its pod. */
  readonly releasePod?: () => Promise<void>;
  /** The guest was shut down. */
  readonly powerOff: () => void;
}
