import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type Command, run, start } from "../harness/command.ts";
import { until } from "../harness/until.ts";
import { interopCases, oversizeResponse } from "./ttrpc/cases.ts";

const here = fileURLToPath(new URL("ttrpc/", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));
/** containerd's Go ttrpc; scripts/peers.sh builds it. */
const go = join(root, "out/peers/ttrpc-peer");
const goCases = execFileSync(go, ["cases"], { encoding: "utf8" }).trim().split("\n");

const arch = process.arch === "arm64" ? "aarch64" : "x64";
const runtimes = [
  { runtime: "Bun", argv: [join(root, `node_modules/@oven/bun-linux-${arch}/bin/bun`)] },
  { runtime: "Node", argv: ["node", "--import", "tsx"] },
];

/** A server that accepts connections, on a socket of its own. Both languages' servers say "listening". */
async function serving(
  argv: readonly string[],
): Promise<{ path: string; server: Command; remove: () => Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), "uvm-shim-ttrpc-"));
  const path = join(directory, "s");
  const server = start([...argv, path], { cwd: root });
  const remove = async (): Promise<void> => {
    server.kill("SIGKILL");
    await server.result();
    rmSync(directory, { recursive: true });
  };
  try {
    await until("the server listens", () => {
      if (server.ended()) throw new Error(`the server ended at once:\n${server.stderr()}`);
      return server.stdout().includes("listening");
    });
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, server, remove };
}

/** How many sockets a process holds: its listener and one for each open connection. */
function sockets(pid: number): number {
  const isSocket = (fd: string): boolean => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith("socket:");
    } catch {
      return false; // Closed since the listing.
    }
  };
  return readdirSync(`/proc/${pid}/fd`).filter(isSocket).length;
}

for (const { runtime, argv } of runtimes) {
  describe(`Go client, our server in ${runtime}`, () => {
    const ours = [...argv, join(here, "server.ts")];
    let up: Awaited<ReturnType<typeof serving>>;
    let idle = 0;
    const ask = async (path: string, name: string): Promise<void> => {
      const { code, stderr } = await run([go, "client", path, name]);
      assert.equal(code, 0, stderr);
    };

    before(async () => {
      up = await serving(ours);
      idle = sockets(up.server.pid);
    });
    after(async () => {
      await up.remove();
    });

    for (const name of goCases) it(name, async () => await ask(up.path, name));

    it("client-killed: the server lives on and closes the connection", async () => {
      await until("the connections of the other cases are closed", () => sockets(up.server.pid) === idle);
      const client = start([go, "client", up.path, "connection-loss"], { stdin: "pipe" });
      await until("calls are in flight", () => client.stdout().includes("in flight"));
      assert.equal(sockets(up.server.pid), idle + 1);
      client.kill("SIGKILL");
      await client.result();
      await until("the server has closed the connection", () => sockets(up.server.pid) === idle);
      await ask(up.path, "unary");
    });

    it("connection-loss: every call fails when the server is killed", async () => {
      const lost = await serving(ours);
      try {
        const client = start([go, "client", lost.path, "connection-loss"], { stdin: "pipe" });
        await until("calls are in flight", () => client.stdout().includes("in flight"));
        lost.server.kill("SIGKILL");
        client.stdin?.end("\n");
        const { code, stderr } = await client.result();
        assert.equal(code, 0, stderr);
      } finally {
        await lost.remove();
      }
    });

    it("graceful-shutdown: an open stream goes on to its end, then the server ends", async () => {
      const closing = await serving(ours);
      try {
        const client = start([go, "client", closing.path, "graceful-shutdown"], { stdin: "pipe" });
        await until("the stream is open", () => client.stdout().includes("in flight"));
        closing.server.kill("SIGTERM");
        await until("the server's socket is gone", () => readdirSync(join(closing.path, "..")).length === 0);
        client.stdin?.end("\n");
        const { code, stderr } = await client.result();
        assert.equal(code, 0, stderr);
        assert.equal((await closing.server.result()).code, 0);
      } finally {
        await closing.remove();
      }
    });
  });

  describe(`our client in ${runtime}, Go server`, () => {
    const lines = new Map<string, string>();
    let said = "";

    before(async () => {
      const up = await serving([go, "server"]);
      try {
        const { stdout, stderr } = await run([...argv, join(here, "client.ts"), up.path], { cwd: root });
        said = stdout + stderr;
        for (const line of stdout.split("\n")) {
          const [, verdict, name, why = ""] = /^(ok|FAIL) ([^:]*)(?:: (.*))?$/.exec(line) ?? [];
          if (name !== undefined) lines.set(name, verdict === "ok" ? "ok" : why);
        }
      } finally {
        await up.remove();
      }
    });

    for (const { name } of [...interopCases, oversizeResponse]) {
      it(name, () => assert.equal(lines.get(name) ?? `was not run:\n${said}`, "ok"));
    }

    it("every call fails when the server is killed", async () => {
      const lost = await serving([go, "server"]);
      try {
        const client = start([...argv, join(here, "loss.ts"), lost.path], { cwd: root });
        await until("calls are in flight", () => client.stdout().includes("in flight") || client.ended());
        lost.server.kill("SIGKILL");
        const { code, stderr } = await client.result();
        assert.equal(code, 0, stderr);
      } finally {
        await lost.remove();
      }
    });
  });
}
