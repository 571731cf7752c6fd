/** echo-server.ts SOCKET: our ttrpc server with one method that answers its request; prints "listening", ends at SIGTERM. */
import { Any } from "../../src/generated/google/protobuf.ts";
import { Server } from "../../src/ttrpc/server.ts";
import { serve } from "../../src/ttrpc/socket.ts";

const Echo = {
  name: "bench.Echo",
  methods: { Echo: { name: "Echo", input: Any, output: Any, clientStreaming: false, serverStreaming: false } },
} as const;

const [path = ""] = process.argv.slice(2);
const server = new Server();
server.register(Echo, { echo: (request) => request });
await serve(server, { path });
process.stdout.write("listening\n");
process.on("SIGTERM", () => process.exit(0));
