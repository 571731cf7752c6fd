import { type Agent, type AgentOptions, createAgent } from "../../src/gcs/agent/agent.ts";
import { tryDial } from "../../src/gcs/redial.ts";
import type { Envelope } from "../../src/generated/containerd/types.ts";
import { registerAgentServices } from "../../src/service/agent/agent-services.ts";
import type { ByteStream } from "../../src/sys/byte-stream.ts";
import { AGENT_PORT } from "../../src/transport/agent/ports.ts";
import type { ServerInterceptor } from "../../src/ttrpc/interceptor.ts";
import { Server } from "../../src/ttrpc/server.ts";

export interface ServeAgentOptions extends AgentOptions {
  /** What else is served on the same connection. */
  readonly more?: (server: Server, agent: Agent<Envelope>) => void;
  readonly interceptors?: readonly ServerInterceptor[];
}

/** Serves the agent to one client of the host after the other. Resolves after the abort. */
export async function serveAgent(options: ServeAgentOptions, { signal }: { signal: AbortSignal }): Promise<void> {
  const { sockets, log, interceptors = [] } = options;
  const agent = createAgent<Envelope>(options);
  const server = new Server({
    interceptors,
    onConnectionError: (error) => log.debug("a client's connection broke", { error }),
  });
  registerAgentServices(server, agent, log);
  options.more?.(server, agent);
  const over = (): void => server.close();
  signal.addEventListener("abort", over, { once: true });
  const streams = agent.run({ signal });
  while (!signal.aborted) {
    const connection = await tryDial(sockets, AGENT_PORT, signal);
    if (connection === undefined) continue;
    log.info("a client is served");
    await new Promise<void>((ended) => server.accept(tellEnd(connection, ended)));
  }
  await streams;
  signal.removeEventListener("abort", over);
}

/** The same stream, whose end somebody else hears of as well. */
function tellEnd(stream: ByteStream, ended: () => void): ByteStream {
  return {
    open: (handler) =>
      stream.open({
        data: (chunk) => handler.data(chunk),
        end: () => handler.end(),
        drain: () => handler.drain(),
        close(error) {
          ended();
          handler.close(error);
        },
      }),
    write: (chunk) => stream.write(chunk),
    end: () => stream.end(),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    destroy(error) {
      stream.destroy(error);
      // A server that is closed destroys what it never opened.
      ended();
    },
  };
}
