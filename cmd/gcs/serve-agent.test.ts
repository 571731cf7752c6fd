import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { runtime } from "#runtime";
import { isKind } from "../../src/errors/shim-error.ts";
import type { AgentOptions } from "../../src/gcs/agent/agent.ts";
import { MountList } from "../../src/gcs/agent/mount-list.ts";
import { readAll } from "../../src/gcs/stdio/read-all.ts";
import { Bundle } from "../../src/generated/containerd/vminitd/services/bundle/v1.ts";
import { Mount } from "../../src/generated/containerd/vminitd/services/mount/v1.ts";
import { System } from "../../src/generated/containerd/vminitd/services/system/v1.ts";
import { SocketForward } from "../../src/generated/nerdbox/services/socketforward/v1.ts";
import { Machine, Streams } from "../../src/generated/uvmshim/agent/v1.ts";
import { silentLogger } from "../../src/log/logger.ts";
import type { ByteStream } from "../../src/sys/byte-stream.ts";
import { nameStream } from "../../src/transport/agent/greeting.ts";
import { AGENT_PORT, AGENT_STREAM_PORT } from "../../src/transport/agent/ports.ts";
import { createMemorySockets } from "../../src/transport/memory.ts";
import type { GuestListener } from "../../src/transport/sockets.ts";
import { Client } from "../../src/ttrpc/client.ts";
import { until } from "../../test/harness/until.ts";
import { serveAgent } from "./serve-agent.ts";

/** What the host has: the two ports, and a client. */
class Subject {
  readonly client: Client;
  readonly #streams: GuestListener;
  readonly #agents: GuestListener;
  readonly #over: AbortController;
  readonly #served: Promise<void>;

  private constructor(client: Client, parts: [GuestListener, GuestListener, AbortController, Promise<void>]) {
    this.client = client;
    [this.#agents, this.#streams, this.#over, this.#served] = parts;
  }

  static async start(directory: string, options: Partial<AgentOptions> = {}): Promise<Subject> {
    const { host, guest } = createMemorySockets();
    const over = new AbortController();
    const [agents, streams] = [host.listen(AGENT_PORT), host.listen(AGENT_STREAM_PORT)];
    const given = { bundleDirectory: join(directory, "bundles"), powerOff: () => undefined, ...options };
    const served = serveAgent(
      { sockets: guest, runtime, log: silentLogger, version: "7.7", ...given },
      { signal: over.signal },
    );
    return new Subject(new Client(await agents.accept()), [agents, streams, over, served]);
  }

  async stream(id: string): Promise<ByteStream> {
    return nameStream(await this.#streams.accept(), id);
  }

  /** The next client: the guest dials again when the last one has left. */
  async reconnect(): Promise<Client> {
    this.client.close();
    return new Client(await this.#agents.accept());
  }

  async end(): Promise<void> {
    this.client.close();
    this.#over.abort();
    await this.#served;
    this.#agents.close();
    this.#streams.close();
  }
}

const is =
  (kind: Parameters<typeof isKind>[1], text = /./) =>
  (error: unknown) =>
    isKind(error, kind) && text.test(String(error));

describe(`the guest agent (${runtime.name})`, { timeout: 120_000 }, () => {
  let directory = "";
  let subject: Subject;
  const calls: string[] = [];
  const mounts = new MountList({
    mount({ source, target }) {
      if (source === "broken") throw new Error("no such device");
      calls.push(`mount ${source} ${target}`);
    },
    unmount: (target) => void calls.push(`unmount ${target}`),
  });
  const path = (name: string): string => join(directory, name);

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "agent-"));
    calls.length = 0;
    subject = await Subject.start(directory, { mounts });
  });
  afterEach(async () => {
    await subject.end();
    rmSync(directory, { recursive: true });
  });

  it("tells of itself and its kernel", async () => {
    const { version, kernelVersion } = await subject.client.service(System).info({});
    assert.equal(version, "7.7");
    assert.equal(kernelVersion, readFileSync("/proc/version", "utf8"));
  });

  it("mounts all or none, once, and unmounts in the other direction", async () => {
    const { mountAll, unmount, unmountAll } = subject.client.service(Mount);
    const mount = (source: string, target: string, options: string[] = []) => ({
      type: "tmpfs",
      source,
      target,
      options,
    });
    await mountAll({ mounts: [mount("a", "/run/a"), mount("b", "/run/b/")] });
    await mountAll({ mounts: [mount("a", "/run/a"), mount("c", "/run/c")] });
    await assert.rejects(
      mountAll({ mounts: [mount("a", "/run/a", ["ro"])] }),
      is("already-exists", /\/run\/a has another/),
    );
    await assert.rejects(mountAll({ mounts: [mount("d", "/run/d"), mount("broken", "/run/e")] }), is("internal"));
    await assert.rejects(mountAll({ mounts: [mount("a", "/run/../etc")] }), is("invalid-argument"));
    await assert.rejects(unmount({ target: "/run/d" }), is("not-found"));
    await unmount({ target: "/run/b" });
    await unmountAll({});
    await unmountAll({});
    assert.deepEqual(calls, [
      ...["mount a /run/a", "mount b /run/b", "mount c /run/c"],
      ...["mount d /run/d", "unmount /run/d", "unmount /run/b", "unmount /run/c", "unmount /run/a"],
    ]);
  });

  it("makes bundles of plain files, whole or not at all", async () => {
    const { create } = subject.client.service(Bundle);
    const files = (...names: string[]) => new Map(names.map((name) => [name, Buffer.from(`text of ${name}`)]));
    const { bundle } = await create({ id: "c1", files: files("config.json", "b") });
    assert.equal(bundle, path("bundles/c1"));
    assert.equal(readFileSync(join(bundle, "config.json"), "utf8"), "text of config.json");
    assert.ok(existsSync(join(bundle, "rootfs")));
    await assert.rejects(create({ id: "c1", files: files() }), is("already-exists"));
    for (const id of ["", ".", "..", "a/b", "../x", "n\0l", "x".repeat(256)]) {
      await assert.rejects(create({ id, files: files() }), is("invalid-argument"), id);
    }
    for (const name of ["../x", "a/b", "", "rootfs"]) {
      await assert.rejects(create({ id: "c2", files: files("good", name) }), is("invalid-argument"), name);
    }
    assert.equal(existsSync(path("bundles/c2")), false);
  });

  it("sends a stream back byte for byte, with its end, and claims it once", async () => {
    const { echo } = subject.client.service(Streams);
    const stream = await subject.stream("s1");
    const answered = echo({ streamId: "s1" });
    const sent = Buffer.alloc(3_000_000, "0123456789abcdef-");
    const back = readAll(stream, sent.length + 1);
    stream.write(sent);
    stream.end();
    assert.ok((await back) === sent.toString());
    assert.equal((await answered).bytes, BigInt(sent.length));
    await assert.rejects(echo({ streamId: "s1" }), is("not-found", /"s1" is not waiting here/));
    await assert.rejects(echo({ streamId: "" }), is("not-found"));
  });

  it("joins a stream to a unix socket of the guest, both ways", async () => {
    const server = await runtime.listen({ path: path("server") }, (client) => {
      void readAll(client, 100).then((text) => {
        client.write(Buffer.from(`you said ${text}`));
        client.end();
      });
    });
    const { connect } = subject.client.service(Streams);
    const stream = await subject.stream("s1");
    await connect({ streamId: "s1", socketPath: path("server") });
    stream.write(Buffer.from("hello"));
    stream.end();
    assert.equal(await readAll(stream, 100), "you said hello");
    server.close();

    const refused = await subject.stream("s2");
    const closed = new Promise<Error | undefined>((close) => refused.open({ data() {}, end() {}, drain() {}, close }));
    await assert.rejects(connect({ streamId: "s2", socketPath: path("nobody") }));
    assert.ok((await closed) !== undefined, "the stream is reset");
  });

  it("runs a program with its stdio on streams, and tells its exit", async () => {
    const { run } = subject.client.service(Machine);
    const [stdin, stdout, stderr] = await Promise.all(["i", "o", "e"].map((id) => subject.stream(id)));
    assert.ok(stdin !== undefined && stdout !== undefined && stderr !== undefined);
    const args = ["sh", "-c", "cat; echo problem >&2; exit 7"];
    const ran = run({ args, stdin: "i", stdout: "o", stderr: "e" });
    stdin.write(Buffer.from("from the host"));
    stdin.end();
    assert.equal(await readAll(stdout, 100), "from the host");
    assert.equal(await readAll(stderr, 100), "problem\n");
    for (const stream of [stdout, stderr]) stream.end();
    assert.equal((await ran).exitStatus, 7);
    const none = { stdin: "", stdout: "", stderr: "" };
    assert.equal((await run({ args: ["true"], ...none })).exitStatus, 0);
    await assert.rejects(run({ args: [], ...none }), is("invalid-argument"));
    await assert.rejects(run({ args: ["no-such-program-here"], ...none }), is("not-found"));
    await assert.rejects(run({ args: ["true"], ...none, stdout: "unknown" }), is("not-found"));
  });

  it("ends a program whose client has left", async () => {
    const none = { stdin: "", stdout: "", stderr: "" };
    const { run } = subject.client.service(Machine);
    const pid = path("pid");
    const ran = run({ args: ["sh", "-c", `echo $$ >${pid}.new; mv ${pid}.new ${pid}; exec sleep 600`], ...none });
    await until("the program runs", () => existsSync(pid));
    const process = `/proc/${readFileSync(pid, "utf8").trim()}`;
    const next = await subject.reconnect();
    await assert.rejects(ran);
    await until("the program has ended", () => !existsSync(process));
    assert.equal((await next.service(System).info({})).version, "7.7");
    next.close();
  });

  it("forwards connections to what the host has behind them", async () => {
    const { bind, accept } = subject.client.service(SocketForward);
    const socket = path("deep/forward.sock");
    await bind({ sockets: [{ forwardId: "f1", socketPath: socket }] });
    const requests = accept();
    const client = await runtime.connect(socket);
    client.write(Buffer.from("question"));
    client.end();
    const request = await requests.receive();
    assert.equal(request?.forwardId, "f1");
    const streamId = request?.streamId ?? "";
    await requests.send({ streamId: "unknown", error: "" });
    const stream = await subject.stream(streamId);
    await requests.send({ streamId, error: "" });
    assert.equal(await readAll(stream, 100), "question");
    stream.write(Buffer.from("answer"));
    stream.end();
    assert.equal(await readAll(client, 100), "answer");

    const unlucky = await runtime.connect(socket);
    const refused = (await requests.receive())?.streamId ?? "";
    await requests.send({ streamId: refused, error: "nobody there" });
    assert.equal(await readAll(unlucky, 100), "");
    const early = await runtime.connect(socket);
    await requests.send({ streamId: (await requests.receive())?.streamId ?? "", error: "" });
    assert.equal(await readAll(early, 100), "", "an answer before the stream");
  });

  it("keeps sockets for the next client, and turns away who waited for the last", async () => {
    const { bind, accept } = subject.client.service(SocketForward);
    const socket = path("forward.sock");
    const sockets = [{ forwardId: "f1", socketPath: socket }];
    await bind({ sockets });
    const requests = accept();
    const waiting = await runtime.connect(socket);
    assert.equal((await requests.receive())?.forwardId, "f1");
    const second = accept();
    await second.send({ streamId: "x", error: "" }).catch(() => undefined);
    await assert.rejects(second.receive(), is("already-exists"));
    const next = await subject.reconnect();
    assert.equal(await readAll(waiting, 100), "");
    const forwards = next.service(SocketForward);
    await forwards.bind({ sockets });
    const patient = await runtime.connect(socket);
    const again = forwards.accept();
    assert.equal((await again.receive())?.forwardId, "f1");
    patient.destroy();
    next.close();
  });

  it("binds all sockets or none, and nothing over what is no socket", async () => {
    const { bind } = subject.client.service(SocketForward);
    writeFileSync(path("file"), "text");
    const good = { forwardId: "f1", socketPath: path("good.sock") };
    await assert.rejects(
      bind({ sockets: [good, { forwardId: "f2", socketPath: path("file") }] }),
      is("already-exists"),
    );
    assert.equal(existsSync(good.socketPath), false);
    assert.equal(readFileSync(path("file"), "utf8"), "text");
    await bind({ sockets: [good] });
    await assert.rejects(bind({ sockets: [{ ...good, forwardId: "f2" }] }), is("already-exists"));
    for (const socketPath of ["relative", "/a/../b", `/${"x".repeat(107)}`]) {
      await assert.rejects(bind({ sockets: [{ forwardId: "f3", socketPath }] }), is("invalid-argument"), socketPath);
    }
    await assert.rejects(bind({ sockets: [{ forwardId: "", socketPath: path("s") }] }), is("invalid-argument"));
  });
});
