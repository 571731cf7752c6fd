import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLogger } from "../log/logger.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import { StreamRecorder, turns } from "../transport/byte-stream-suite.ts";
import { createMemorySockets } from "../transport/memory.ts";
import { memoryStreamPair } from "../transport/memory-stream.ts";
import type { GuestSockets } from "../transport/sockets.ts";
import { createGuest } from "./create-guest.ts";
import { createWindowsGuest } from "./create-windows-guest.ts";
import { relayGuestLogs } from "./guest-logs.ts";
import { LcowBoot } from "./lcow-boot.ts";
import { WcowBoot } from "./wcow/boot.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function recordedLog() {
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line.replace(/^time="[^"]*" /, "")) };
  return { lines, log: createLogger({ level: "trace", sink, fields: { id: "pod1" } }) };
}

/** What comes into our log of these chunks. */
async function relayed(...chunks: readonly string[]): Promise<readonly string[]> {
  const { lines, log } = recordedLog();
  const [host, guest] = memoryStreamPair();
  const ended = relayGuestLogs(host, log);
  const writer = new StreamRecorder(guest);
  for (const chunk of chunks) writer.stream.write(bytes(chunk));
  writer.stream.end();
  await ended;
  return lines;
}

describe("the log of an LCOW guest", () => {
  const entries: readonly [what: string, entry: string, line: string][] = [
    [
      "an entry",
      '{"time":"2026-01-02T03:04:05Z","level":"info","msg":"a b"}',
      'level=info msg="a b" id=pod1 vm.time="2026-01-02T03:04:05Z"\n',
    ],
    ["debug", '{"level":"debug","msg":"d"}', 'level=debug msg="d" id=pod1\n'],
    ["a warning", '{"level":"warning","msg":"w"}', 'level=warning msg="w" id=pod1\n'],
    ["what ends the program, as an error", '{"level":"fatal","msg":"f"}', 'level=error msg="f" id=pod1\n'],
    ["a panic, as an error", '{"level":"panic","msg":"p"}', 'level=error msg="p" id=pod1\n'],
    ["no level, as info", '{"msg":"m"}', 'level=info msg="m" id=pod1\n'],
    ["an unknown level, as info", '{"level":"constructor","msg":"m"}', 'level=info msg="m" id=pod1\n'],
    [
      "the text of event tracing",
      '{"level":"info","msg":"","Source":"ETW","message":"etw"}',
      'level=info msg="etw" id=pod1 vm.Source=ETW\n',
    ],
    [
      "the text of event tracing, with a capital",
      '{"level":"info","Source":"ETW","Message":"etw"}',
      'level=info msg="etw" id=pod1 vm.Source=ETW\n',
    ],
    [
      "fields, whole numbers as such",
      '{"msg":"m","cid":"c","count":100.0,"big":18446744073709551615,"ratio":3.14}',
      'level=info msg="m" id=pod1 vm.cid=c vm.count=100 vm.big=18446744073709551615 vm.ratio=3.14\n',
    ],
    ["no field of ours", '{"msg":"m","id":"other"}', 'level=info msg="m" id=pod1 vm.id=other\n'],
    ["no line of its own", '{"msg":"a\\nlevel=error","x\\ny":1}', 'level=info msg="a\\nlevel=error" id=pod1\n'],
  ];
  for (const [what, entry, line] of entries) {
    it(`tells ${what}`, async () => assert.deepEqual(await relayed(`${entry}\n`), [line]));
  }

  it("is told however it is cut, also without the last line's end", async () => {
    const lines = ['level=info msg="a" id=pod1\n', 'level=error msg="b" id=pod1\n'];
    assert.deepEqual(await relayed('{"msg":', '"a"}\n{"level":"er', 'ror","msg":"b"}'), lines);
    assert.deepEqual(await relayed(...'{"msg":"a"}\n\n{"level":"error","msg":"b"}\n'), lines);
    assert.deepEqual(await relayed('{"msg":"a"}{\n "level" : "error",\r\n "msg" : "b"\n}'), lines);
    assert.deepEqual(await relayed(...'{"msg":"}\\"{","x":{"y":"\\\\"}}'), [
      'level=info msg="}\\"{" id=pod1 vm.x="{\\"y\\":\\"\\\\\\\\\\"}"\n',
    ]);
  });

  it("ends with what its runtime says of a panic, told as one", async () => {
    assert.deepEqual(await relayed('{"msg":"a"}\npanic: no\n\ngoro', 'utine 1:\n{"msg":"b"}\n'), [
      'level=info msg="a" id=pod1\n',
      'level=error msg="the guest\'s gcs ended" id=pod1 stderr="panic: no\\n\\ngoroutine 1:\\n{\\"msg\\":\\"b\\"}"\n',
    ]);
    assert.deepEqual(await relayed('{"msg":"a"}\n{"msg"'), [
      'level=info msg="a" id=pod1\n',
      'level=error msg="the guest\'s gcs ended" id=pod1 stderr="{\\"msg\\""\n',
    ]);
    assert.deepEqual(await relayed("{invalid json}\n{}\n"), [
      'level=error msg="the guest\'s gcs ended" id=pod1 stderr="{invalid json}\\n{}"\n',
    ]);
    assert.deepEqual(await relayed("[1]\n"), ['level=error msg="the guest\'s gcs ended" id=pod1 stderr="[1]"\n']);
  });

  it("costs no more than its bound, whatever the guest writes", async () => {
    const [line = "", ...more] = await relayed(...Array.from({ length: 100 }, () => "x".repeat(10_000)));
    assert.deepEqual(more, []);
    assert.equal(/stderr=(x+)/.exec(line)?.[1]?.length, 64 * 1024);
    const fields = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, i]));
    assert.equal((await relayed(`${JSON.stringify(fields)}\n`))[0]?.match(/vm\./g)?.length, 32);
  });
});

describe("what a guest dials beside its bridge", () => {
  const dial = async (sockets: GuestSockets, port: number): Promise<ByteStream> => {
    const connection = await sockets.dial(port);
    assert.ok(connection.kind === "stream");
    return connection.stream;
  };

  it("is there with the bridge's listener: random bytes, and somebody who takes its log, again after a migration", async () => {
    const { host, guest } = createMemorySockets();
    const { lines, log } = recordedLog();
    const connection = createGuest({ sockets: host, boot: new LcowBoot(log) });
    await assert.rejects(guest.dial(1), { kind: "unavailable" });
    connection.prepareConnection();
    connection.prepareConnection();
    const given: string[] = [];
    for (const _ of [1, 2]) {
      const entropy = new StreamRecorder(await dial(guest, 1));
      await entropy.seen("end");
      entropy.stream.end();
      assert.equal(entropy.bytes().length, 512);
      given.push(entropy.bytes().toString("hex"));
    }
    assert.notEqual(given[0], given[1]);
    for (const msg of ["before", "after"]) {
      const logs = new StreamRecorder(await dial(guest, 109));
      logs.stream.write(bytes(`{"msg":"${msg}"}\n`));
      logs.stream.end();
      await logs.seen("close");
    }
    assert.deepEqual(lines, ['level=info msg="before" id=pod1\n', 'level=info msg="after" id=pod1\n']);
    connection.closeConnection();
    connection.closeConnection();
    await turns();
    for (const port of [1, 109]) await assert.rejects(guest.dial(port), { kind: "unavailable" });
  });

  it("is, of a Windows guest, who takes its log, as often as it dials", async () => {
    const { host, guest } = createMemorySockets();
    const { lines, log } = recordedLog();
    const listenService = (id: string) => host.listen(id.startsWith("172dad59-976d-") ? 7 : 8);
    const connection = createWindowsGuest({ sockets: { ...host, listenService }, boot: new WcowBoot(log) });
    connection.prepareConnection();
    connection.prepareConnection();
    for (const message of ["one", "two"]) {
      const logs = new StreamRecorder(await dial(guest, 7));
      logs.stream.write(bytes(`{"Source":"ETW","message":"${message}"}`));
      logs.stream.end();
      await logs.seen("close");
    }
    assert.deepEqual(lines, [
      'level=info msg="one" id=pod1 vm.Source=ETW\n',
      'level=info msg="two" id=pod1 vm.Source=ETW\n',
    ]);
    connection.closeConnection();
    await turns();
    await assert.rejects(guest.dial(7), { kind: "unavailable" });
  });

  it("takes no port where one of them is taken", async () => {
    const { host } = createMemorySockets();
    const other = host.listen(109);
    assert.throws(() => new LcowBoot(recordedLog().log).arm(host), { kind: "already-exists" });
    other.close();
    host.listen(1).close();
  });
});
