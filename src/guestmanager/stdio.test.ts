import assert from "node:assert/strict";
import { closeSync } from "node:fs";
import { describe, it } from "node:test";
import { DOCUMENT, devNull, isOpen, JoinedGuest, rejectsWith, streamOf } from "../../test/harness/joined-guest.ts";
import { ScriptedGcsHost } from "../../test/harness/scripted-gcs-host.ts";
import { notFound } from "../errors/shim-error.ts";
import { BridgeServer } from "../gcs/bridge/server.ts";
import type { GcsHost, StdioPorts } from "../gcs/host.ts";
import { BRIDGE_PORT, NULL_ID } from "../prot/protocol.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import { StreamRecorder } from "../transport/byte-stream-suite.ts";
import { createMemorySockets } from "../transport/memory.ts";
import type { GuestConnection } from "../transport/sockets.ts";
import { createGuest } from "./create-guest.ts";

describe("guest: stdio", () => {
  it("listens before it asks, and gives back the streams that the guest dialled", async () => {
    const j = await JoinedGuest.connect();
    const guestEnds: Record<string, ByteStream> = {};
    j.host.script.execInContainer = async (_id, _process, ports) => {
      for (const name of ["stdin", "stdout", "stderr"] as const) guestEnds[name] = streamOf(await j.dial(ports[name]));
      return { pid: 5 };
    };
    const container = await j.guest.createContainer("c", DOCUMENT);
    const stream = { kind: "stream" } as const;
    const process = await container.exec({
      ociProcess: {},
      emulateConsole: false,
      stdio: { stdin: stream, stdout: stream, stderr: stream },
    });
    const [, , ports] = j.host.called("execInContainer")[0] ?? [];
    assert.deepEqual(ports, { stdin: 0x40000001, stdout: 0x40000002, stderr: 0x40000003 });
    const { stdin, stdout, stderr } = process;
    assert.ok(stdin && stdout && stderr && guestEnds.stdin && guestEnds.stdout && guestEnds.stderr);

    const input = new StreamRecorder(guestEnds.stdin);
    stdin.write(new TextEncoder().encode("in"));
    stdin.end();
    await input.seen("end");
    assert.equal(input.bytes().toString(), "in");

    const guestOut = new StreamRecorder(guestEnds.stdout);
    guestEnds.stdout.write(new TextEncoder().encode("out"));
    guestEnds.stdout.end();
    const out = new StreamRecorder(stdout);
    await out.seen("close");
    assert.equal(out.bytes().toString(), "out");
    assert.equal(out.closeError, undefined);
    // Half-closed by itself: the guest holds the exit code back until then.
    await guestOut.seen("close");
    assert.equal(guestOut.closeError, undefined);

    await assert.rejects(j.sockets.guest.dial(0x40000003), rejectsWith("unavailable"), "one accept, then closed");
    stderr.destroy();
    stdin.destroy();
    await j.close();
  });

  it("hands fds over, and closes those that nobody dialled for", async () => {
    const j = await JoinedGuest.connect();
    const got: GuestConnection[] = [];
    j.host.script.execInContainer = async (_id, _process, ports) => {
      got.push(await j.dial(ports.stdout));
      return { pid: 5 };
    };
    const container = await j.guest.createContainer("c", DOCUMENT);
    const [stdin, stdout] = [devNull(), devNull()];
    const process = await container.exec({
      ociProcess: {},
      emulateConsole: false,
      stdio: { stdin: { kind: "fd", fd: stdin }, stdout: { kind: "fd", fd: stdout } },
    });
    assert.deepEqual(got, [{ kind: "fd", fd: stdout }]);
    assert.ok(isOpen(stdout));
    assert.ok(!isOpen(stdin));
    assert.equal(process.stdout, undefined);
    closeSync(stdout);
    await j.close();
  });

  it("of an init goes with its create where the guest takes it then", async () => {
    const j = await JoinedGuest.connect();
    let guestEnd: ByteStream | undefined;
    j.host.script.createContainer = async (_id, settings) => {
      guestEnd = streamOf(await j.dial(settings.initStdio?.stdout));
      return { initPid: 100 };
    };
    const container = await j.guest.createContainer("c", DOCUMENT, { initStdio: { stdout: { kind: "stream" } } });
    const unused = devNull();
    const process = await container.startInit({
      emulateConsole: false,
      stdio: { stderr: { kind: "fd", fd: unused } },
    });
    assert.ok(!isOpen(unused), "a second stdio is not sent, and not leaked");
    assert.deepEqual(j.host.called("startInit"), [["c", {}]]);
    assert.ok(process.stdout);
    guestEnd?.write(new TextEncoder().encode("early"));
    guestEnd?.end();
    const out = new StreamRecorder(process.stdout);
    await out.seen("close");
    assert.equal(out.bytes().toString(), "early");
    await j.close();
  });

  it("leaves nothing open when the guest refuses", async () => {
    const j = await JoinedGuest.connect();
    j.host.script.execInContainer = async () => {
      throw notFound("no such container");
    };
    const container = await j.guest.createContainer("c", DOCUMENT);
    const fd = devNull();
    const stdio = { stdin: { kind: "fd", fd }, stdout: { kind: "stream" } } as const;
    await assert.rejects(container.exec({ ociProcess: {}, emulateConsole: false, stdio }), rejectsWith("not-found"));
    assert.ok(!isOpen(fd));
    for (const port of [0x40000001, 0x40000002]) {
      await assert.rejects(j.sockets.guest.dial(port), rejectsWith("unavailable"));
    }
    await j.close();
  });

  it("takes no fds where host and guest share no kernel", async () => {
    const j = await JoinedGuest.connect({ sockets: ({ listen }) => ({ listen }) });
    const container = await j.guest.createContainer("c", DOCUMENT);
    const [stdin, stdout] = [devNull(), devNull()];
    const stdio = { stdin: { kind: "fd", fd: stdin }, stdout: { kind: "fd", fd: stdout } } as const;
    await assert.rejects(
      container.exec({ ociProcess: {}, emulateConsole: false, stdio }),
      rejectsWith("unimplemented"),
    );
    await assert.rejects(j.guest.createContainer("d", DOCUMENT, { initStdio: { stdin: stdio.stdin } }));
    assert.ok(!isOpen(stdin) && !isOpen(stdout));
    await j.close();
  });

  it("gives up when the bridge ends before the guest has dialled, and when the guest never dials", async () => {
    const j = await JoinedGuest.connect();
    const container = await j.guest.createContainer("c", DOCUMENT);
    let answered = (): void => undefined;
    const waiting = new Promise<void>((resolve) => {
      answered = resolve;
    });
    j.host.script.waitForProcess = () => {
      answered();
      return new Promise(() => undefined);
    };
    const exec = container.exec({ ociProcess: {}, emulateConsole: false, stdio: { stdout: { kind: "stream" } } });
    await waiting;
    j.guest.closeConnection();
    await assert.rejects(exec, rejectsWith("unavailable"));
    await assert.rejects(j.sockets.guest.dial(0x40000001), rejectsWith("unavailable"));
    await j.close();

    const sockets = createMemorySockets();
    const guest = createGuest({ sockets: sockets.host, requestTimeoutMs: 2000 });
    guest.prepareConnection();
    const host = new ScriptedGcsHost();
    const stream = streamOf(await sockets.guest.dial(BRIDGE_PORT));
    const served = new BridgeServer({ host }).serve(stream);
    await guest.createConnection();
    const lazy = guest.createProcess({ commandArgs: ["ls"], stdio: { stdout: { kind: "stream" } } });
    await assert.rejects(lazy, rejectsWith("deadline-exceeded"));
    assert.deepEqual(host.called("signalProcess"), [[NULL_ID, 102, { signal: 9 }]], "it is not left running");
    guest.closeConnection();
    await served;
  });

  it("numbers its ports upward, each once", async () => {
    const j = await JoinedGuest.connect();
    const seen: StdioPorts[] = [];
    const run: GcsHost["execExternal"] = async (_process, ports) => {
      seen.push(ports);
      await j.dial(ports.stdout);
      return { pid: 5 };
    };
    j.host.script.execExternal = run;
    for (let i = 0; i < 3; i++) {
      (await j.guest.createProcess({ commandArgs: ["ls"], stdio: { stdout: { kind: "stream" } } })).stdout?.destroy();
    }
    assert.deepEqual(seen, [{ stdout: 0x40000001 }, { stdout: 0x40000002 }, { stdout: 0x40000003 }]);
    await j.close();
  });
});
