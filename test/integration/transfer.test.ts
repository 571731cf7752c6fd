import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { type ErrorKind, kindOf } from "../../src/errors/shim-error.ts";
import { encodeHeader, type TarEntry } from "../../src/gcs/archive/tar-format.ts";
import { Transfer } from "../../src/generated/containerd/services/transfer/v1.ts";
import { ContainerPath, ReadStream, WriteStream } from "../../src/generated/containerd/types/transfer.ts";
import type { Client } from "../../src/ttrpc/client.ts";
import { connect } from "../../src/ttrpc/socket.ts";
import { socketPath } from "../harness/leftovers.ts";
import { StreamClient, toAny } from "../harness/stream-client.ts";
import { tar } from "../harness/tar.ts";
import { until } from "../harness/until.ts";
import { useMachine } from "../harness/use-machine.ts";

const TAR = "application/x-tar";
const MiB = 1 << 20;
const file: TarEntry = {
  ...{ name: "", type: "file", mode: 0o640, uid: 0, gid: 0, size: 0, mtime: 1_700_000_000, linkName: "" },
  ...{ device: { major: 0, minor: 0 }, xattrs: new Map() },
};

describe("the transfer service on the shim's socket", () => {
  const machine = useMachine();
  let serial = 0;

  const dial = (id: string): Promise<Client> =>
    connect(socketPath(machine().containerd.address, machine().namespace, id));

  /** Runs the body with a container and a connection to its shim. */
  async function withTask(name: string, body: (id: string, client: Client) => Promise<void>): Promise<void> {
    const id = machine().id(name);
    const before = machine().traces.inventory();
    await machine().ctr.runDetached(id, ["sleep", "1000"]);
    const client = await dial(id);
    try {
      await body(id, client);
    } finally {
      client.close();
      await machine().ctr.remove(id);
    }
    await machine().traces.assertNoLeaks(before);
  }

  async function copyIn(client: Client, id: string, path: string, chunks: Iterable<Uint8Array>, progressStream = "") {
    const stream = await StreamClient.open(client, `in-${serial++}`);
    const sent = stream.send(chunks);
    const end = { containerId: id, path, noWalk: false, preserveOwnership: false };
    const done = client.service(Transfer).transfer({
      source: toAny(ReadStream, { stream: stream.id, mediaType: TAR }),
      destination: toAny(ContainerPath, end),
      options: { progressStream },
    });
    // Where the transfer fails its stream does too.
    await Promise.all([done, sent.catch((error) => done.then(() => Promise.reject(error)))]);
  }

  async function copyOut(client: Client, id: string, path: string, take: (bytes: Uint8Array) => void): Promise<void> {
    const stream = await StreamClient.open(client, `out-${serial++}`);
    const received = (async () => {
      for await (const bytes of stream.receive()) take(bytes);
    })();
    const end = { containerId: id, path, noWalk: false, preserveOwnership: false };
    const done = client.service(Transfer).transfer({
      source: toAny(ContainerPath, end),
      destination: toAny(WriteStream, { stream: stream.id, mediaType: TAR }),
      options: undefined,
    });
    await Promise.all([done, received.catch((error) => done.then(() => Promise.reject(error)))]);
  }

  const refused = (kind: ErrorKind, says: RegExp) => (error: Error) => {
    assert.equal(kindOf(error), kind, error.message);
    assert.match(error.message, says);
    return true;
  };

  it("copies a large file in and out again with memory for a piece of it, and tells how far it is", async () => {
    await withTask("large", async (id, client) => {
      // Larger than all windows, pipes and queues together; a VM without KVM copies a few MiB a second.
      const size = (process.env.UVM_STACK === "qemu" ? 16 : 96) * MiB;
      const piece = Buffer.alloc(MiB, "some text to copy ");
      const hash = createHash("sha256");
      const header = encodeHeader({ ...file, name: "large", size });
      function* archive(): Generator<Uint8Array> {
        yield header;
        for (let sent = 0; sent < size; sent += piece.length) {
          hash.update(piece);
          yield piece;
        }
        yield Buffer.alloc(1024);
      }
      const { pid } = machine().daemonOf(id);
      const memory = (): number =>
        Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
      const progress = await StreamClient.open(client, "progress");
      const accounts: bigint[] = [];
      const listening = (async () => {
        for await (const account of progress.progress()) accounts.push(account.progress);
      })();
      const before = memory();
      await copyIn(client, id, "/srv/deep", archive(), "progress");
      await listening;
      const grown = memory() - before;
      assert.ok(grown < 88 * MiB, `the daemon has grown by ${grown / MiB} MiB`);
      assert.equal(accounts.at(-1), BigInt(size + 1536));
      const wanted = hash.digest("hex");
      const { stdout } = await machine().ctr.exec(id, "sum", ["sha256sum", "/srv/deep/large"]);
      assert.equal(stdout.split(" ")[0], wanted);
      const back = createHash("sha256");
      let at = 0;
      await copyOut(client, id, "/srv/deep/large", (bytes) => {
        const [from, to] = [Math.max(0, 512 - at), Math.max(0, Math.min(bytes.length, 512 + size - at))];
        back.update(bytes.subarray(from, to));
        at += bytes.length;
      });
      assert.equal(back.digest("hex"), wanted);
    });
  });

  it("says what is wrong with a path, a stream, an archive, a container", async () => {
    await withTask("wrong", async (id, client) => {
      const drop = (): void => {};
      await assert.rejects(copyOut(client, id, "/no/such", drop), refused("not-found", /"\/no\/such" does not exist/));
      await assert.rejects(copyOut(client, id, "/proc/1", drop), refused("failed-precondition", /mount \/proc/));
      await assert.rejects(copyOut(client, "nobody", "/", drop), refused("not-found", /nobody/));
      const upward = [tar([{ name: "../escaped", mode: 0o644, data: Buffer.from("x") }])];
      await assert.rejects(copyIn(client, id, "/srv", upward), refused("invalid-argument", /leads upward/));
      const half = [tar([{ name: "a", mode: 0o644, data: Buffer.alloc(9000) }]).subarray(0, 5000)];
      await assert.rejects(copyIn(client, id, "/srv", half), refused("data-loss", /ends early/));
      const garbage = [Buffer.alloc(300_000, "garbage")];
      await assert.rejects(copyIn(client, id, "/srv", garbage), refused("invalid-argument", /archive/));
      const path = { containerId: id, path: "/", noWalk: true, preserveOwnership: false };
      const source = toAny(ContainerPath, path);
      const nowhere = toAny(WriteStream, { stream: "never-opened", mediaType: TAR });
      const call = client.service(Transfer);
      const none = call.transfer({ source, destination: nowhere, options: undefined });
      await assert.rejects(none, refused("not-found", /stream never-opened does not exist/));
      const other = call.transfer({ source, destination: source, options: undefined });
      await assert.rejects(other, refused("unimplemented", /container to a container/));
      assert.equal((await machine().ctr.exec(id, "ls", ["ls", "/srv"])).stdout, "");
    });
  });

  it("stops with its caller, and with its container", async () => {
    await withTask("stopped", async (id, client) => {
      function* endless(): Generator<Uint8Array> {
        yield encodeHeader({ ...file, name: "endless", size: 2 ** 40 });
        for (;;) yield Buffer.alloc(4096);
      }
      const size = async (): Promise<number> => {
        const { stdout } = await machine().ctr.exec(id, `size-${serial++}`, [
          "sh",
          "-c",
          "stat -c %s /srv/endless; true",
        ]);
        return Number(stdout.trim() || -1);
      };
      const caller = await dial(id);
      const first = copyIn(caller, id, "/srv", endless()).catch((error: unknown) => error);
      await until("something is copied", async () => (await size()) > 0);
      caller.close();
      assert.ok((await first) instanceof Error);
      // What is not whole is taken away again.
      await until("the file is gone", async () => (await size()) === -1);
      const second = copyIn(client, id, "/srv", endless()).catch((error: unknown) => error);
      await until("something is copied again", async () => (await size()) > 0);
      await machine().ctr.ok("tasks", "kill", "--signal", "SIGKILL", id);
      await until("it is stopped", async () => (await machine().ctr.status(id)) === "STOPPED");
      await machine().ctr.ok("tasks", "rm", id);
      // "is over": with its last container the daemon leaves, and ends what is still open on its socket.
      assert.match(String(await second), /container is deleted|gone|canceled|bridge|unavailable|is over/);
    });
  });
});
