import { Bundle } from "../../generated/containerd/vminitd/services/bundle/v1.ts";
import { Mount } from "../../generated/containerd/vminitd/services/mount/v1.ts";
import { System } from "../../generated/containerd/vminitd/services/system/v1.ts";
import { SocketForward } from "../../generated/nerdbox/services/socketforward/v1.ts";
import { Events } from "../../generated/nerdbox/services/vmevents/v1.ts";
import { Machine, Streams } from "../../generated/uvmshim/agent/v1.ts";
import type { Logger } from "../../log/logger.ts";
import type { Server } from "../../ttrpc/server.ts";
import type { Handlers } from "../../ttrpc/service.ts";
import { failedCall } from "../status.ts";
import type { AgentGuest } from "./ports.ts";

/** All that the guest's agent serves (docs/guest-agent.md). */
export const AGENT_SERVICES = [System, Mount, Bundle, Events, SocketForward, Streams, Machine] as const;

export function registerAgentServices(server: Pick<Server, "register">, guest: AgentGuest, log: Logger): void {
  const call = async <T>(method: string, work: () => T | Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      throw failedCall(log, method, thrown);
    }
  };

  /** For methods that answer with an empty message. */
  const done = async (method: string, work: () => unknown): Promise<Record<string, never>> => {
    await call(method, work);
    return {};
  };

  const system: Handlers<typeof System> = { info: () => call("Info", () => guest.info()) };

  const mount: Handlers<typeof Mount> = {
    mountAll: ({ mounts }) => done("MountAll", () => guest.mounts.mountAll(mounts)),
    unmount: ({ target }) => done("Unmount", () => guest.mounts.unmount(target)),
    unmountAll: () => done("UnmountAll", () => guest.mounts.unmountAll()),
  };

  const bundle: Handlers<typeof Bundle> = {
    create: ({ id, files }) => call("Create", () => ({ bundle: guest.bundles.create(id, files) })),
  };

  const events: Handlers<typeof Events> = {
    stream: (_, host, { signal }) =>
      call("Stream", async () => {
        for await (const event of guest.events.subscribe({ signal })) await host.send(event);
      }),
  };

  const socketForward: Handlers<typeof SocketForward> = {
    bind: ({ sockets }) => done("Bind", () => guest.forwards.bind(sockets)),
    accept: (host) =>
      call("Accept", async () => {
        const forwards = guest.forwards.attach((request) => host.send(request));
        try {
          for await (const { streamId, error } of host) forwards.answer(streamId, error);
        } finally {
          forwards.leave();
        }
      }),
  };

  const streams: Handlers<typeof Streams> = {
    echo: ({ streamId }) => call("Echo", async () => ({ bytes: await guest.streams.echo(streamId) })),
    connect: ({ streamId, socketPath }) => done("Connect", () => guest.streams.connect(streamId, socketPath)),
  };

  const machine: Handlers<typeof Machine> = {
    run: (command, { signal }) =>
      call("Run", async () => ({ exitStatus: await guest.machine.run(command, { signal }) })),
    powerOff: () => done("PowerOff", () => guest.machine.powerOff()),
  };

  server.register(System, system);
  server.register(Mount, mount);
  server.register(Bundle, bundle);
  server.register(Events, events);
  server.register(SocketForward, socketForward);
  server.register(Streams, streams);
  server.register(Machine, machine);
}
