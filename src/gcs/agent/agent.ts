import { readFileSync } from "node:fs";
import type { Logger } from "../../log/logger.ts";
import type { Runtime } from "../../sys/runtime.ts";
import type { GuestSockets } from "../../transport/sockets.ts";
import { splice } from "../../transport/splice.ts";
import { guestPath } from "../guest-path.ts";
import { acceptStreams } from "./accept-streams.ts";
import { Bundles } from "./bundles.ts";
import { echo } from "./echo.ts";
import { EventExchange } from "./event-exchange.ts";
import { MountList } from "./mount-list.ts";
import { type Command, runCommand } from "./run-command.ts";
import { type ForwardLimits, SocketForwards } from "./socket-forwards.ts";
import { type StreamClaims, type StreamLimits, StreamTable } from "./stream-table.ts";

export interface AgentOptions {
  readonly sockets: GuestSockets;
  readonly runtime: Pick<Runtime, "listen" | "connect" | "spawn">;
  readonly log: Logger;
  readonly version: string;
  readonly powerOff: () => void;
  readonly mounts?: MountList;
  readonly bundleDirectory?: string;
  readonly limits?: Partial<StreamLimits & ForwardLimits>;
}

/** The guest's agent, less the wire that it is served on. `E` is an event as that wire has it. */
export function createAgent<E>(options: AgentOptions) {
  const { sockets, runtime, log, version, limits } = options;
  const table = new StreamTable(log, limits);
  const forwards = new SocketForwards(runtime, table, log, limits);
  return {
    info: () => ({ version, kernelVersion: readFileSync("/proc/version", "utf8") }),
    mounts: options.mounts ?? new MountList(),
    bundles: new Bundles(options.bundleDirectory),
    events: new EventExchange<E>(),
    forwards,
    claims: table as StreamClaims,
    streams: {
      echo: async (id: string) => echo(table.claim(id)),
      async connect(id: string, path: string) {
        const stream = table.claim(id);
        try {
          void splice(stream, await runtime.connect(guestPath(path, "ConnectRequest.socket_path")));
        } catch (error) {
          stream.destroy();
          throw error;
        }
      },
    },
    machine: {
      run: (command: Command, { signal }: { signal: AbortSignal }) =>
        runCommand(command, { runtime, streams: table, signal }),
      powerOff: options.powerOff,
    },
    /** Keeps streams ready for the host; resolves after the abort, when nothing of them is left. */
    async run({ signal }: { signal: AbortSignal }): Promise<void> {
      await acceptStreams(sockets, table, { signal });
      forwards.close();
      table.close();
    },
  };
}

export type Agent<E> = ReturnType<typeof createAgent<E>>;
