import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runtime } from "#runtime";
import { interopCases, oversizeResponse } from "../../test/peers/ttrpc/cases.ts";
import { Interop } from "../../test/peers/ttrpc/generated/uvmshim/interop/v1.ts";
import { interopHandlers } from "../../test/peers/ttrpc/handlers.ts";
import { Server } from "./server.ts";
import { connect, serve } from "./socket.ts";
import { isKind } from "./testing.ts";

/** The same conversations that test/peers holds with Go's ttrpc, here with ourselves over a real unix socket. */
describe(`unix sockets (${runtime.name})`, () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "uvm-ttrpc-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const newServer = (): Server => {
    const server = new Server();
    server.register(Interop, interopHandlers);
    return server;
  };

  for (const { name, run } of [...interopCases, oversizeResponse]) {
    it(`interop: ${name}`, async () => {
      const server = newServer();
      const path = join(folder, "interop.sock");
      await serve(server, { path });
      const client = await connect(path);
      await run(client.service(Interop), client);
      client.close();
      await server.shutdown();
      assert.deepEqual(readdirSync(folder), []);
    });
  }

  it("several clients on one socket, some of which vanish", async () => {
    const server = newServer();
    const path = join(folder, "many.sock");
    await serve(server, { path });
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect(path)));
    const echo = { seq: 1n, text: "", payload: new Uint8Array(0) };
    await Promise.all(clients.map((client) => client.service(Interop).echo(echo)));
    assert.equal(server.connectionCount, 20);
    for (const client of clients.slice(1)) client.close();
    await Promise.all(clients.slice(1).map((client) => client.closed()));
    const [survivor] = clients;
    assert.deepEqual(await survivor?.service(Interop).echo(echo), echo);
    await server.shutdown();
    await survivor?.closed();
  });

  it("TestServerEOF: a client that closes leaves no fd behind", async () => {
    const server = newServer();
    const path = join(folder, "fds.sock");
    await serve(server, { path });
    const round = async (): Promise<void> => {
      const client = await connect(path);
      await client.service(Interop).echo({ seq: 1n, text: "", payload: new Uint8Array(0) });
      client.close();
      await client.closed();
    };
    await round();
    await settled(server);
    const before = openSockets();
    for (let count = 0; count < 20; count += 1) await round();
    await settled(server);
    // The last fd of either end is closed in the turns after its `close` event.
    for (let turn = 0; openSockets() > before && turn < 500; turn += 1) await pause();
    assert.equal(openSockets(), before);
    await server.shutdown();
  });

  it("serve on a closed server, connect to nobody, connect with an aborted signal", async () => {
    const server = newServer();
    server.close();
    const path = join(folder, "closed.sock");
    await assert.rejects(serve(server, { path }), isKind("unavailable", "ttrpc: server closed"));
    await assert.rejects(connect(path));
    await assert.rejects(connect(path, { signal: AbortSignal.abort(new Error("not now")) }), /not now/);
  });

  it("a server that is killed: the call under way fails, it does not hang", async () => {
    const server = newServer();
    const path = join(folder, "kill.sock");
    await serve(server, { path });
    const client = await connect(path);
    const call = client.service(Interop).sleep({ durationMs: 60_000 });
    setImmediate(() => server.close());
    await assert.rejects(call, isKind("unavailable", "ttrpc: closed"));
    await client.closed();
  });
});

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

async function settled(server: Server): Promise<void> {
  while (server.connectionCount > 0) await pause();
}

function openSockets(): number {
  const targets = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // The fd that listed the folder is gone by now.
      return "";
    }
  });
  return targets.filter((target) => target.startsWith("socket:")).length;
}
