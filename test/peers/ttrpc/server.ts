/**
 * The TypeScript server of the interop tests: server.ts SOCKET
 * Prints "listening" once the socket answers; on SIGTERM shuts down gracefully, at once on a second one.
 */
import { Server } from "../../../src/ttrpc/server.ts";
import { serve } from "../../../src/ttrpc/socket.ts";
import { Interop } from "./generated/uvmshim/interop/v1.ts";
import { interopHandlers } from "./handlers.ts";

const [path] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write("usage: server.ts SOCKET\n");
  process.exit(2);
}
const server = new Server();
server.register(Interop, interopHandlers);
await serve(server, { path });
process.stdout.write("listening\n");
process.on("SIGTERM", () => {
  if (server.isClosed) server.close();
  else void server.shutdown().then(() => process.exit(0));
});
