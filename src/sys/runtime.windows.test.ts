import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { runtime } from "#runtime";
import { until } from "../../test/harness/until.ts";
import { isKind } from "../errors/shim-error.ts";
import { cLibrary } from "./c-library.ts";
import { pattern, Recorder } from "./stream-recorder.ts";
import { SysError } from "./sys-error.ts";

const pipeName = (): string => `\\\\.\\pipe\\uvm-shim-test-${randomUUID()}`;
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function pair(openServer = true) {
  const path = pipeName();
  let arrived: (recorder: Recorder) => void = () => {};
  const accepted = new Promise<Recorder>((resolve) => {
    arrived = resolve;
  });
  const server = await runtime.listen({ path }, (stream) => arrived(new Recorder(stream, openServer)));
  const client = new Recorder(await runtime.connect(path));
  const peer = await accepted;
  return {
    client,
    peer,
    close() {
      server.close();
      client.stream.destroy();
      peer.stream.destroy();
    },
  };
}

describe("named pipes of Windows' Node", () => {
  it("carry bytes both ways, and end", async () => {
    const { client, peer, close } = await pair();
    client.stream.write(Buffer.from("ping"));
    await peer.until(() => peer.bytes === 4);
    peer.stream.write(Buffer.from("pong"));
    peer.stream.end();
    await client.seen("end");
    assert.deepEqual([peer.text(), client.text()], ["ping", "pong"]);
    close();
  });

  it("deliver what was sent before an end, and nothing before open", async () => {
    const { client, peer, close } = await pair(false);
    client.stream.write(Buffer.from("early"));
    client.stream.end();
    await turn();
    assert.deepEqual(peer.events, []);
    peer.open();
    await peer.seen("end");
    assert.equal(peer.text(), "early");
    close();
  });

  it("move 20 MiB intact to a reader that pauses at every chunk, and bound what is in between", async () => {
    const { client, peer, close } = await pair(false);
    const whole = pattern(20 << 20);
    let [got, wrong, ahead] = [0, -1, 0];
    const finished = new Promise<void>((resolve) => {
      peer.stream.open({
        data(chunk) {
          if (wrong < 0 && Buffer.compare(chunk, whole.subarray(got, got + chunk.length)) !== 0) wrong = got;
          got += chunk.length;
          peer.stream.pause();
          setImmediate(() => peer.stream.resume());
        },
        end: resolve,
        drain() {},
        close() {},
      });
    });
    for (let at = 0; at < whole.length; at += 40_000) {
      const room = client.stream.write(whole.slice(at, at + 40_000));
      ahead = Math.max(ahead, at - got);
      if (room) continue;
      const drains = client.events.length;
      await client.until(() => client.events.length > drains);
    }
    client.stream.end();
    await finished;
    assert.deepEqual([wrong, got], [-1, whole.length]);
    assert.ok(ahead < 2 << 20, `the writer was let ${ahead} bytes ahead of the reader`);
    close();
  });

  it("tell close with an error to who writes to a peer that is gone", async () => {
    const { client, peer, close } = await pair();
    peer.stream.destroy();
    await client.seen("end");
    client.stream.write(Buffer.from("anybody?"));
    await client.seen("close");
    assert.ok(client.error instanceof SysError);
    assert.equal(client.stream.write(Buffer.from("x")), false);
    close();
  });

  // Wine 8 lets another process listen on a name in use, which Windows refuses (EADDRINUSE): not to be shown here.
  it("are not found where nobody listens, nor once who did has closed", async () => {
    const path = pipeName();
    await assert.rejects(runtime.connect(path), { code: "ENOENT" });
    const server = await runtime.listen({ path }, () => {});
    (await runtime.connect(path)).destroy();
    server.close();
    const gone = () =>
      runtime.connect(path).then(
        (stream) => stream.destroy(),
        (error) => error.code === "ENOENT",
      );
    await until("the name to be given back", gone);
  });

  it("reject a connect whose signal has aborted with its reason", async () => {
    const signal = AbortSignal.abort(new Error("no more"));
    await assert.rejects(async () => runtime.connect(pipeName(), { signal }), /no more/);
  });
});

describe("the Runtime on Windows", () => {
  it("runs children, and tells how they end", async () => {
    const node = process.execPath;
    const child = runtime.spawn([node, "-e", "console.log(process.env.WORD); process.exit(7)"], {
      env: { WORD: "heard", SystemRoot: process.env.SystemRoot ?? "" },
      stdio: ["null", "pipe", "null"],
    });
    const [, stdout] = child.pipes;
    assert.ok(stdout);
    const said = new Recorder(stdout);
    assert.deepEqual(await child.exited, { code: 7 });
    await said.seen("end");
    assert.equal(said.text(), "heard\n");
    const killed = runtime.spawn([node, "-e", "setInterval(() => {}, 1000)"], { detached: true });
    killed.kill(9);
    assert.notEqual((await killed.exited).code, 0);
    assert.throws(() => runtime.spawn(["no-such-program.exe"]), { code: "ENOENT" });
  });

  it("says of what only Linux has that it is not here", () => {
    const isUnimplemented = (error: unknown) => isKind(error, "unimplemented");
    assert.throws(() => runtime.adopt(0, "pty"), isUnimplemented);
    assert.throws(() => runtime.adopt(0, "pipe", "read"), isUnimplemented);
    assert.throws(() => runtime.listen({ fd: 3 }, () => {}), isUnimplemented);
    const libc = cLibrary({ getpid: ["int"] });
    assert.throws(() => libc().getpid(), isUnimplemented);
  });

  it("tells its heap", () => {
    assert.ok(runtime.heapInUse() > 1_000_000);
  });
});
