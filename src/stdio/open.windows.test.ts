import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { until } from "../../test/harness/until.ts";
import { within } from "../errors/within.ts";
import { StreamRecorder } from "../transport/byte-stream-suite.ts";
import { memoryStreamPair } from "../transport/memory-stream.ts";
import type { StdioEndpoint, StdioEndpoints } from "./endpoints.ts";
import { openStdio } from "./open.windows.ts";
import { relay } from "./relay.ts";

const context = { containerId: "c1", namespace: "ns" };
const none = { terminal: false, stdin: "", stdout: "", stderr: "" };
const redial = { firstMs: 20, longestMs: 40, totalMs: 0 };
const busy = () => process.getActiveResourcesInfo().filter((name) => /Pipe|Process|FileHandle/.test(name));

/** A client's pipe: it listens, one connection at a time is what we look at. */
class Client {
  readonly path = `\\\\.\\pipe\\stdio-test-${process.pid}-${Math.random().toString(16).slice(2)}`;
  readonly sockets: Socket[] = [];
  text = "";
  #server: Server | undefined;

  async listen(): Promise<this> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      this.sockets.push(socket);
      socket.on("data", (chunk: Buffer) => {
        this.text += chunk.toString("latin1");
      });
      socket.on("end", () => socket.destroy());
      socket.on("error", () => socket.destroy());
    });
    this.#server = server;
    server.listen(this.path);
    await once(server, "listening");
    return this;
  }

  /** As if its process had died. */
  die(): void {
    this.#server?.close();
    for (const socket of this.sockets.splice(0)) socket.destroy();
  }
}

describe("stdio on Windows", { timeout: 240_000 }, () => {
  let directory = "";
  let before: string[] = [];
  const clients: Client[] = [];
  const opened: StdioEndpoints[] = [];
  const warnings: string[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "stdio-"));
    before = busy();
    warnings.length = 0;
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((io) => io.close()));
    for (const client of clients.splice(0)) client.die();
    await until("pipes and processes to be gone", () => busy().length <= before.length);
    rmSync(directory, { recursive: true });
  });

  const listen = async (): Promise<Client> => {
    const client = await new Client().listen();
    clients.push(client);
    return client;
  };
  const open = async (paths: Partial<typeof none>, options: Parameters<typeof openStdio>[2] = {}) => {
    const log = (message: string) => void warnings.push(message);
    const io = await openStdio({ ...none, ...paths }, context, { log, redial, ...options });
    opened.push(io);
    return io;
  };
  const writer = (endpoint: StdioEndpoint | undefined) => new StreamRecorder(endpoint?.stream() ?? assert.fail());
  const bytes = (text: string) => Buffer.from(text);

  it("reads the client's stdin, and writes stdout and stderr to their ends", async () => {
    const [stdin, stdout, stderr] = [await listen(), await listen(), await listen()];
    const io = await open({
      stdin: stdin.path,
      stdout: stdout.path,
      stderr: `npipe://${stderr.path.replaceAll("\\", "/")}`,
    });
    const input = new StreamRecorder(io.stdin?.stream() ?? assert.fail());
    const [out, err] = [writer(io.stdout), writer(io.stderr)];
    await until("stdin to be dialled", () => stdin.sockets.length === 1);
    stdin.sockets[0]?.end("typed");
    await input.seen("end");
    assert.equal(input.bytes().toString(), "typed");
    out.stream.write(bytes("to stdout"));
    err.stream.write(bytes("to stderr"));
    for (const each of [out, err]) each.stream.end();
    await Promise.all([out.seen("close"), err.seen("close")]);
    assert.deepEqual([stdout.text, stderr.text], ["to stdout", "to stderr"]);
    assert.deepEqual([out.closeError, err.closeError], [undefined, undefined]);
    for (const { sockets } of [stdout, stderr]) await until("EOF", () => sockets[0]?.destroyed);
  });

  it("relays megabytes no faster than the client reads, and loses none", async () => {
    const client = await listen();
    const io = await open({ stdout: client.path });
    const [guest, host] = memoryStreamPair();
    const copy = relay(host, io.stdout?.stream() ?? assert.fail());
    await until("the client to be dialled", () => client.sockets.length === 1);
    client.sockets[0]?.pause();
    const sender = new StreamRecorder(guest);
    let sent = 0;
    const heldBack = async (): Promise<boolean> => {
      sent += 64 << 10;
      if (guest.write(Buffer.alloc(64 << 10))) return false;
      const drained = sender.seen("drain").then(() => false);
      const stands = (await within(300, drained)) ?? true;
      sender.events.length = 0;
      return stands;
    };
    while (!(await heldBack())) assert.ok(sent < 32 << 20, "the guest was never held back");
    guest.end();
    client.sockets[0]?.resume();
    await copy.done;
    assert.equal(client.text.length, sent);
    await sender.seen("close");
  });

  it("has no stderr with a terminal", async () => {
    const client = await listen();
    const io = await open({ terminal: true, stdout: client.path, stderr: "https://not.looked/at" });
    assert.equal(io.stderr, undefined);
    assert.throws(() => io.stdout?.passFd(), { kind: "unimplemented" });
  });

  it("opens all or nothing", async () => {
    const client = await listen();
    await assert.rejects(open({ stdout: client.path, stderr: "\\\\.\\pipe\\nobody-there" }), { kind: "not-found" });
    await until("the pipe that was dialled to be closed", () => client.sockets[0]?.destroyed);
    await assert.rejects(open({ stdin: "file:///C:/x" }), { kind: "invalid-argument" });
    await assert.rejects(open({ stdout: client.path }, { signal: AbortSignal.abort(new Error("enough")) }), /enough/);
  });

  it("dials the client again that was gone, and sends all that it has not taken", async () => {
    const client = await listen();
    const io = await open({ stdout: client.path });
    const out = writer(io.stdout);
    out.stream.write(bytes("one "));
    await until("the first", () => client.text === "one ");
    client.die();
    for (let i = 0; i < 50; i++) out.stream.write(bytes(`${i};`));
    await until("a warning", () => warnings.length === 1);
    assert.match(warnings[0] ?? "", /nobody reads .* any more: dialling it until somebody does/);
    await client.listen();
    out.stream.end();
    await out.seen("close");
    assert.equal(client.text, `one ${Array.from({ length: 50 }, (_, i) => `${i};`).join("")}`);
    assert.equal(out.closeError, undefined);
  });

  it("gives a client up after the time that it has, and at once when the process is done", async () => {
    const [client, other] = [await listen(), await listen()];
    const brief = await open({ stdout: client.path }, { redial: { ...redial, totalMs: 100 } });
    const patient = await open({ stdout: other.path });
    const outs = [writer(brief.stdout), writer(patient.stdout)];
    await until("both to be dialled", () => client.sockets.length + other.sockets.length === 2);
    client.die();
    other.die();
    for (const out of outs) out.stream.write(bytes("lost"));
    await outs[0]?.seen("close");
    assert.match(String(outs[0]?.closeError), /ENOENT/);
    await until("the other to be dialled again", () => warnings.length === 2);
    assert.equal(outs[1]?.count("close"), 0);
    await patient.close();
    await outs[1]?.seen("close");
  });

  it("ends stdin after CloseIO, once what its client wrote is read", async () => {
    const client = await listen();
    const io = await open({ stdin: client.path });
    await until("stdin to be dialled", () => client.sockets.length === 1);
    client.sockets[0]?.write("last words");
    io.stdin?.closeInput();
    const input = new StreamRecorder(io.stdin?.stream() ?? assert.fail());
    await input.seen("close");
    assert.equal(input.bytes().toString(), "last words");
  });

  it("appends to a file on a drive, whose directories it makes", async () => {
    const file = join(directory, "a", "b c", "log.txt");
    const uri = `file:///${file.replaceAll("\\", "/").replaceAll(" ", "%20")}`;
    for (const text of ["first\n", "second\n"]) {
      const io = await open({ stdout: uri, stderr: uri });
      const [out, err] = [writer(io.stdout), writer(io.stderr)];
      out.stream.write(bytes(text));
      out.stream.end();
      await out.seen("close");
      err.stream.end();
      await err.seen("close");
    }
    assert.equal(readFileSync(file, "utf8"), "first\nsecond\n");
  });

  describe("a logger", () => {
    /** A program that dials its pipes as the environment tells, then does as it is told to. */
    const script = `
      import { connect } from "node:net";
      import { appendFileSync, writeFileSync } from "node:fs";
      const [mode, log] = process.argv.slice(2);
      const dial = (name, onData) => new Promise((resolve) => {
        const socket = connect(process.env[name], () => resolve(socket));
        socket.on("data", onData).on("end", () => socket.destroy()).on("error", () => {});
      });
      if (mode === "early") process.exit(7);
      const out = await dial("CONTAINER_STDOUT", (bytes) => {
        appendFileSync(log, bytes);
        if (mode === "dies") process.exit(9);
      });
      if (mode !== "stdout") await dial("CONTAINER_STDERR", (bytes) => appendFileSync(log, bytes.toString().toUpperCase()));
      if (mode === "late") setTimeout(() => {}, 60000);
      else {
        const { CONTAINER_ID, CONTAINER_NAMESPACE } = process.env;
        appendFileSync(log, CONTAINER_ID + " " + CONTAINER_NAMESPACE + " " + process.argv.slice(4).join(",") + "\\n");
        (await dial("CONTAINER_WAIT", () => {})).destroy();
      }
      if (mode === "stays") setTimeout(() => {}, 60000);
    `;
    const log = () => join(directory, "log");
    const uri = (mode: string, more = "") => {
      const program = join(directory, "logger.mjs");
      writeFileSync(program, script);
      const args = `${encodeURIComponent(program)}=${mode}&${encodeURIComponent(log())}`;
      return `binary:///${encodeURI(process.execPath.replaceAll("\\", "/"))}?${args}${more}`;
    };

    it("gets its pipes, id, namespace and arguments, and all of the output, and is waited for", async () => {
      const io = await open({ stdout: uri("reads", "&key=a%20b&flag"), stderr: uri("reads", "&key=a%20b&flag") });
      const [out, err] = [writer(io.stdout), writer(io.stderr)];
      out.stream.write(bytes("out;"));
      await until("stdout", () => readFileSync(log(), "utf8").endsWith("out;"));
      err.stream.write(bytes("err;"));
      for (const each of [out, err]) each.stream.end();
      await Promise.all([out.seen("close"), err.seen("close")]);
      await io.close();
      assert.equal(readFileSync(log(), "utf8"), "c1 ns key,a b,flag\nout;ERR;");
      assert.deepEqual(warnings, []);
    });

    it("may read stdout alone: the rest is dropped", async () => {
      const io = await open({ stdout: uri("stdout") });
      const [out, err] = [writer(io.stdout), writer(io.stderr)];
      err.stream.write(bytes("nobody reads this"));
      err.stream.end();
      await err.seen("close");
      out.stream.write(bytes("out"));
      out.stream.end();
      await out.seen("close");
      await io.close();
      assert.equal(readFileSync(log(), "utf8"), "c1 ns \nout");
    });

    it("has to be there, to live, and to say in time that it is ready", async () => {
      await assert.rejects(open({ stdout: "binary:///C:/no/such/logger.exe" }), { kind: "not-found" });
      await assert.rejects(open({ stdout: uri("early") }), {
        kind: "failed-precondition",
        message: /ended with 7 before/,
      });
      const late = { kind: "deadline-exceeded", message: /CONTAINER_WAIT/ };
      await assert.rejects(open({ stdout: uri("late") }, { limits: { ready: 1500 } }), late);
      const enough = open({ stdout: uri("late") }, { signal: AbortSignal.timeout(200) });
      await assert.rejects(enough, { kind: "deadline-exceeded", message: /timeout/ });
    });

    it("that dies takes its output with it, and no process is held back by that", async () => {
      const io = await open({ stdout: uri("dies") });
      const [guest, host] = memoryStreamPair();
      const copy = relay(host, io.stdout?.stream() ?? assert.fail());
      const sender = new StreamRecorder(guest);
      guest.write(bytes("x"));
      await until("a warning", () => warnings.length > 0);
      assert.match(warnings.join(), /ended with 9 before its process: the output is discarded/);
      for (let i = 0; i < 40; i++) guest.write(Buffer.alloc(64 << 10));
      guest.end();
      await copy.done;
      await sender.seen("close");
    });

    it("is killed where it does not end", async () => {
      const io = await open({ stdout: uri("stays") }, { limits: { kill: 200 } });
      await io.close();
      assert.match(warnings.join(), /did not end in 200 ms after the end of its input: killed/);
    });
  });
});
