import { runtime } from "#runtime";
import { Client, type ClientOptions } from "./client.ts";
import type { Listener, Server } from "./server.ts";
import { serverClosedError } from "./status.ts";

/**
 * Serves a unix socket path, or a bound and listening fd. The listener closes with the server; closing it alone leaves
 * the connections. Rejects with unavailable when the server is closed, or with what the system says.
 */
export async function serve(server: Server, target: { path: string } | { fd: number }): Promise<Listener> {
  if (server.isClosed) throw serverClosedError();
  const listener = await runtime.listen(target, (stream) => server.accept(stream));
  server.addListener(listener);
  return listener;
}

/** Connects to a unix socket path. Rejects with what the system says, or the signal's reason. */
export async function connect(path: string, options: ClientOptions & { signal?: AbortSignal } = {}): Promise<Client> {
  const { signal, ...clientOptions } = options;
  return new Client(await runtime.connect(path, signal === undefined ? {} : { signal }), clientOptions);
}
