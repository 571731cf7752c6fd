import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { runtime } from "#runtime";
import { until } from "../../test/harness/until.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import { leakedFds, openFds } from "../sys/fd-leaks.ts";
import { SerialRelay } from "./serial-relay.ts";
import { listenOn } from "./socket-path.ts";

/** A guest's terminal. */
class Terminal {
  typed = "";
  attached = true;
  say: (text: string) => void = () => undefined;
  readonly attach = (onBytes: (chunk: Uint8Array) => void) => {
    this.say = (text) => onBytes(Buffer.from(text));
    return {
      write: (chunk: Uint8Array) => {
        this.typed += Buffer.from(chunk).toString();
      },
      stop: () => {
        this.attached = false;
      },
    };
  };
}

function reader(stream: ByteStream) {
  const seen = { text: "", ended: false, closed: false };
  stream.open({
    data: (chunk) => {
      seen.text += Buffer.from(chunk).toString();
    },
    end: () => {
      seen.ended = true;
    },
    drain: () => undefined,
    close: () => {
      seen.closed = true;
    },
  });
  return seen;
}

describe("a serial port on a unix socket", { timeout: 60_000 }, () => {
  const before = openFds();
  const directory = mkdtempSync(join(tmpdir(), "uvm-serial-"));
  const path = join(directory, "com1");
  after(async () => {
    rmSync(directory, { recursive: true });
    assert.deepEqual(await leakedFds(before), []);
  });

  it("keeps what was said for the first who comes; all who are there read on, and may type", async () => {
    const terminal = new Terminal();
    const relay = await SerialRelay.start(terminal.attach, { path, connect: false });
    terminal.say(`lost${"x".repeat(64 * 1024 - 5)}`);
    terminal.say("kept ");
    const streams = [await runtime.connect(path)];
    const first = reader(streams[0] as ByteStream);
    await until("what was kept", () => first.text === "kept ");
    const second = await runtime.connect(path);
    const later = reader(second);
    second.write(Buffer.from("root\r"));
    await until("what was typed", () => terminal.typed === "root\r");
    terminal.say("login");
    await until("it at both", () => first.text === "kept login" && later.text === "login");
    relay.close();
    relay.close();
    await until("the end of both", () => first.ended && later.ended);
    assert.equal(terminal.attached, false);
    for (const stream of [...streams, second]) stream.end();
    await until("both closed", () => first.closed && later.closed);
  });

  it("connects where it is told to, and is refused where nobody listens", async () => {
    const terminal = new Terminal();
    await assert.rejects(SerialRelay.start(terminal.attach, { path, connect: true }), { kind: "not-found" });
    assert.equal(terminal.attached, false);
    const accepted: ByteStream[] = [];
    const listener = await listenOn(path, (stream) => void accepted.push(stream));
    const relay = await SerialRelay.start(terminal.attach, { path, connect: true });
    const seen = reader(await until("its connection", () => accepted[0]));
    terminal.say("on");
    await until("what was said", () => seen.text === "on");
    relay.close();
    await until("its end", () => seen.ended);
    accepted[0]?.end();
    listener.close();
    await until("it closed", () => seen.closed);
  });

  it("hangs up on who does not read, so that nobody waits for him", async () => {
    const terminal = new Terminal();
    const relay = await SerialRelay.start(terminal.attach, { path, connect: false });
    const slow = await runtime.connect(path);
    let [bytes, closed] = [0, false];
    slow.open({
      data: (each) => {
        bytes += each.length;
      },
      end: () => slow.end(),
      drain: () => undefined,
      close: () => {
        closed = true;
      },
    });
    slow.pause();
    slow.write(Buffer.from("here"));
    await until("that he is there", () => terminal.typed === "here");
    const chunk = "x".repeat(1024 * 1024);
    for (let i = 0; i < 16; i++) {
      terminal.say(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    slow.resume();
    await until("his end", () => closed);
    assert.ok(bytes < 16 << 20, `${bytes} bytes`);
    relay.close();
  });
});
