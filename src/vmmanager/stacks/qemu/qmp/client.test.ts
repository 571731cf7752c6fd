import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { QmpTranscript } from "../../../../../test/harness/qmp-transcript.ts";
import { type ErrorKind, isKind } from "../../../../errors/shim-error.ts";
import type { ByteStream } from "../../../../sys/byte-stream.ts";
import { turns } from "../../../../transport/byte-stream-suite.ts";
import { memoryStreamPair } from "../../../../transport/memory-stream.ts";
import { MAX_LINE, QmpClient } from "./client.ts";
import { removeDevice } from "./device-removal.ts";
import { migrate } from "./migration.ts";
import { QmpCommandError } from "./qmp-error.ts";

const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, "capabilities": ["oob"]}}';
const NEGOTIATED = `< ${GREETING}\n> {"execute":"qmp_capabilities","id":1}\n< {"return": {}, "id": 1}\n`;

const REFUSED = '{"error": {"class": "GenericError", "desc": "no"}, "id": 2}\n';

const is = (kind: ErrorKind, message: RegExp) => (error: unknown) =>
  isKind(error, kind) && error instanceof Error && message.test(error.message);

/** A client in command mode; the far end is the test's. */
async function negotiated(): Promise<{
  client: QmpClient;
  qemu: ByteStream;
  said: () => string;
  isClosed: () => boolean;
}> {
  const [qemu, far] = memoryStreamPair();
  let said = "";
  let closed = false;
  qemu.open({
    data: (chunk) => {
      if (said === "") qemu.write(Buffer.from('{"return": {}, "id": 1}\r\n'));
      said += Buffer.from(chunk).toString();
    },
    end() {},
    drain() {},
    close() {
      closed = true;
    },
  });
  const opening = QmpClient.over(far);
  qemu.write(Buffer.from(`${GREETING}\r\n`));
  return { client: await opening, qemu, said: () => said, isClosed: () => closed };
}

describe("QMP client", () => {
  it("finds messages however the bytes are cut, several and parts of them in a chunk", async () => {
    const lines = ['{"return": {"status": "running", "running": true}, "id": 2}', '{"return": {}, "id": 3}'];
    const bytes = Buffer.from(lines.map((line) => `${line}\r\n`).join(""));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 30 })), async (sizes) => {
        const { client, qemu } = await negotiated();
        const status = client.execute("query-status");
        const stopped = client.execute("stop");
        let offset = 0;
        for (const size of [...sizes, bytes.byteLength]) {
          if (offset < bytes.byteLength) qemu.write(bytes.subarray(offset, offset + size));
          offset += size;
        }
        assert.deepEqual(await status, { status: "running", running: true });
        await stopped;
        client.close();
      }),
      { numRuns: 40 },
    );
  });

  it("tells a refusal in few and harmless words, whoever speaks for QEMU", async () => {
    const { client, qemu } = await negotiated();
    const refused = client.execute("cont");
    const desc = `\u001b[2J${"x".repeat(100_000)}`;
    qemu.write(Buffer.from(`${JSON.stringify({ error: { class: "GenericError", desc }, id: 2 })}\n`));
    await assert.rejects(refused, ({ message }: Error) => message.length < 1000 && message.includes("cont: xx"));
    client.close();
  });

  it("sends one line a command, with 64-bit numbers whole", async () => {
    const { client, said } = await negotiated();
    void client.execute("balloon", { value: 2n ** 63n }).catch(() => undefined);
    void client.execute("cont").catch(() => undefined);
    await turns();
    assert.deepEqual(said().split("\n"), [
      '{"execute":"qmp_capabilities","id":1}',
      '{"execute":"balloon","arguments":{"value":9223372036854775808},"id":2}',
      '{"execute":"cont","id":3}',
      "",
    ]);
    client.close();
  });

  it("gives each answer to its own command, also out of order", async () => {
    const { client, qemu } = await negotiated();
    const first = client.execute("qom-get", { path: "/a", property: "p" });
    const second = client.execute("qom-get", { path: "/b", property: "p" });
    qemu.write(Buffer.from('{"return": "two", "id": 3}\n{"return": "one", "id": 2}\n'));
    assert.deepEqual([await first, await second], ["one", "two"]);
    client.close();
  });

  it("lets a caller leave: the answer is dropped, the client goes on", async () => {
    const { client, qemu } = await negotiated();
    const abort = new AbortController();
    const left = client.execute("stop", undefined, { signal: abort.signal });
    abort.abort(new Error("enough"));
    await assert.rejects(left, /enough/);
    await assert.rejects(client.execute("stop", undefined, { signal: abort.signal }), /enough/);
    const next = client.execute("query-balloon");
    qemu.write(Buffer.from('{"return": {}, "id": 2}\n{"return": {"actual": 5}, "id": 3}\n'));
    assert.deepEqual(await next, { actual: 5n });
    client.close();
  });

  it("tells events in order, to those who listen, and ignores unknown ones", async () => {
    const { client, qemu } = await negotiated();
    const seen: string[] = [];
    const off = client.on("SHUTDOWN", ({ reason }) => seen.push(reason));
    client.on("GUEST_PANICKED", ({ action }) => seen.push(`panic ${action}`));
    const port = client.next("VSERPORT_CHANGE", { where: ({ id }) => id === "gcs" });
    qemu.write(
      Buffer.from(
        [
          '{"event": "SOMETHING_NEW", "data": 5, "timestamp": {"seconds": 1, "microseconds": 2}}',
          '{"event": "GUEST_PANICKED", "data": {"action": "poweroff", "info": {"type": "s390"}}}',
          '{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-panic"}}',
          '{"event": "VSERPORT_CHANGE", "data": {"id": "other", "open": true}}',
          '{"event": "VSERPORT_CHANGE", "data": {"id": "gcs", "open": false}}',
          "",
        ].join("\n"),
      ),
    );
    assert.deepEqual(await port, { id: "gcs", open: false });
    off();
    qemu.write(Buffer.from('{"event": "SHUTDOWN", "data": {"guest": true, "reason": "late"}}\n'));
    await turns();
    assert.deepEqual(seen, ["panic poweroff", "guest-panic"]);
    client.close();
  });

  it("rejects all that waits when the stream ends or is reset, and what comes later", async () => {
    for (const how of ["end", "destroy"] as const) {
      const { client, qemu } = await negotiated();
      const pending = client.execute("stop");
      const event = client.next("STOP");
      qemu[how]();
      await assert.rejects(pending, (error) => isKind(error, "unavailable"));
      await assert.rejects(event, is("unavailable", /closed before it told STOP/));
      assert.ok(isKind(await client.closed, "unavailable"));
      await assert.rejects(client.execute("device_del", { id: "d" }), is("unavailable", /cannot device_del of d/));
      await assert.rejects(client.next("STOP"), (error) => isKind(error, "unavailable"));
    }
  });

  it("stops waiting for an event when told to", async () => {
    const { client } = await negotiated();
    const abort = new AbortController();
    const event = client.next("STOP", { signal: abort.signal });
    abort.abort(new Error("enough"));
    await assert.rejects(event, /enough/);
    client.close();
  });

  const hostile: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
    ["no JSON", "hello\n", /no JSON: "hello"/],
    ["a long line of no JSON, of which little is shown", `${"x".repeat(5000)}\n`, /no JSON: "x{80}\.\.\."/],
    ["JSON that is no object", "[1]\n", /message is a list, not an object/],
    ["an object that is no message", "{}\n", /no QMP message/],
    ["deep nesting", `${"[".repeat(100_000)}\n`, /no JSON/],
    ["a line without an end", new Uint8Array(MAX_LINE + 1).fill(0x20), /a line of more than 1048576 bytes/],
    ["what is no UTF-8", Uint8Array.of(0x22, 0xff, 0x22, 0x0a), /no UTF-8/],
    ["an answer that nobody waits for", '{"return": {}, "id": 9}\n', /command 9, which is not pending/],
    ["a second refusal", `${REFUSED}${REFUSED}`, /command 2, which is not pending/],
    [
      "a refusal after the answer",
      `{"return": {"status": "x", "running": true}, "id": 2}\n${REFUSED}`,
      /command 2, which/,
    ],
    ["an answer without an id", '{"return": {}}\n', /id is undefined/],
    [
      "an error without an id",
      '{"error": {"class": "GenericError", "desc": "?"}}\n',
      /could not read what this client/,
    ],
    ["an error of another shape", '{"error": "no", "id": 2}\n', /error is string/],
    [
      "an answer of another shape",
      '{"return": {"status": 5, "running": true}, "id": 2}\n',
      /query-status.status is number/,
    ],
    ["an answer without a member", '{"return": {"running": true}, "id": 2}\n', /query-status.status is undefined/],
    [
      "a member of the prototype",
      '{"return": {"__proto__": {"status": "x", "running": true}}, "id": 2}\n',
      /status is undefined/,
    ],
    ["an event of another shape", '{"event": "SHUTDOWN", "data": {"guest": "yes"}}\n', /SHUTDOWN.guest is string/],
    ["a second greeting", `${GREETING}\n`, /a second greeting/],
  ];
  for (const [what, bytes, message] of hostile) {
    it(`ends with a clear error for ${what}`, async () => {
      const { client, qemu } = await negotiated();
      const pending = client.execute("query-status");
      pending.catch(() => undefined);
      const waiting = client.next("STOP");
      waiting.catch(() => undefined);
      qemu.write(typeof bytes === "string" ? Buffer.from(bytes) : bytes);
      const reason = await client.closed;
      assert.ok(is("data-loss", message)(reason), String(reason));
      if (!what.includes("refusal")) await assert.rejects(pending, reason);
      await assert.rejects(waiting, (error) => isKind(error, "unavailable"));
    });
  }

  it("says no more after garbage, or after it was closed, whatever else came with it", async () => {
    const { client, qemu, isClosed } = await negotiated();
    let told = 0;
    client.on("STOP", () => told++);
    qemu.write(Buffer.from('garbage\n{"event": "STOP"}\n'));
    await client.closed;
    qemu.write(Buffer.from('{"event": "STOP"}\n'));
    await turns();
    assert.deepEqual([told, isClosed()], [0, true]);

    const other = await negotiated();
    other.client.on("STOP", () => {
      told++;
      other.client.close();
    });
    other.qemu.write(Buffer.from('{"event": "STOP"}\n{"event": "STOP"}\n'));
    await other.client.closed;
    await turns();
    assert.equal(told, 1);
  });

  it("reads any number of lines: the bound is each line's", async () => {
    const { client, qemu } = await negotiated();
    const line = Buffer.from(`{"event": "NEWS", "data": "${"x".repeat(MAX_LINE / 2)}"}\n`);
    for (let i = 0; i < 4; i++) qemu.write(Uint8Array.from(line));
    const status = client.execute("query-balloon");
    qemu.write(Buffer.from('{"return": {"actual": 1}, "id": 2}\n'));
    assert.deepEqual(await status, { actual: 1n });
    client.close();
  });

  it("refuses a server that greets in another way, or not at all", async () => {
    for (const [first, message] of [
      ['{"QMP": {}}', /greeting.version is undefined/],
      ["SSH-2.0-OpenSSH_9.2p1", /no JSON/],
      ['{"return": {}, "id": 1}', /command 1, which is not pending/],
    ] as const) {
      const { client } = new QmpTranscript(`< ${first}`);
      await assert.rejects(QmpClient.over(client), is("data-loss", message));
    }
    const silent = memoryStreamPair()[1];
    const abort = new AbortController();
    const opening = QmpClient.over(silent, { signal: abort.signal });
    abort.abort(new Error("no greeting in time"));
    await assert.rejects(opening, /no greeting in time/);
    await assert.rejects(QmpClient.over(memoryStreamPair()[0], { signal: abort.signal }), /no greeting in time/);
  });

  it("keeps QEMU's own words beside the kind", async () => {
    const transcript = new QmpTranscript(
      `${NEGOTIATED}> {"execute":"cont","id":2}\n< {"id": 2, "error": {"class": "GenericError", "desc": "Resetting the Virtual Machine is required"}}\n`,
    );
    const client = await QmpClient.over(transcript.client);
    const error = await client.execute("cont").catch((thrown: unknown) => thrown);
    assert.ok(is("internal", /^QEMU refused cont: Resetting the Virtual Machine is required$/)(error));
    assert.ok(error instanceof Error && error.cause instanceof QmpCommandError);
    assert.equal(error.cause.errorClass, "GenericError");
    client.close();
  });
});

describe("device removal", () => {
  const device = (id: string) => `"data": {"device": "${id}", "path": "/machine/peripheral/${id}"}`;
  const removal = async (lines: string, signal?: AbortSignal): Promise<void> => {
    const transcript = new QmpTranscript(NEGOTIATED + lines);
    const client = await QmpClient.over(transcript.client);
    try {
      await removeDevice(client, "d", signal === undefined ? {} : { signal });
    } finally {
      client.close();
    }
  };
  const asked = '> {"execute":"device_del","arguments":{"id":"d"},"id":2}\n';

  it("waits for the event of that device, which may come before the answer", async () => {
    await removal(`${asked}< {"event": "DEVICE_DELETED", ${device("d")}}\n< {"return": {}, "id": 2}\n`);
    await removal(
      `${asked}< {"return": {}, "id": 2}\n< {"event": "DEVICE_DELETED", ${device("other")}}\n< {"event": "DEVICE_DELETED", "data": {"path": "/machine/peripheral/d/bus"}}\n< {"event": "DEVICE_DELETED", ${device("d")}}\n`,
    );
  });

  it("waits for a removal that was asked before", () =>
    removal(
      `${asked}< {"id": 2, "error": {"class": "GenericError", "desc": "Device d is already in the process of unplug"}}\n< {"event": "DEVICE_DELETED", ${device("d")}}\n`,
    ));

  it("tells that the guest refuses", async () => {
    await assert.rejects(
      removal(`${asked}< {"return": {}, "id": 2}\n< {"event": "DEVICE_UNPLUG_GUEST_ERROR", ${device("d")}}\n`),
      is("failed-precondition", /device d is in use by the guest/),
    );
  });

  it("tells other refusals as they are, and gives up when told to", async () => {
    await assert.rejects(
      removal(
        `${asked}< {"id": 2, "error": {"class": "GenericError", "desc": "Device 'd' does not support hotplugging"}}\n`,
      ),
      is("unimplemented", /does not support hotplugging/),
    );
    const abort = new AbortController();
    const waiting = removal(
      `${asked}< {"return": {}, "id": 2}\n< {"event": "DEVICE_DELETED", ${device("other")}}\n`,
      abort.signal,
    );
    await turns();
    abort.abort(new Error("the guest does not answer"));
    await assert.rejects(waiting, /the guest does not answer/);
  });
});

describe("migration", () => {
  it("ends at its caller's signal also where QEMU answers nothing any more", async () => {
    const { client } = await negotiated();
    const abort = new AbortController();
    const running = migrate(client, "unix:s", { signal: abort.signal });
    let isOver = false;
    running
      .catch(() => undefined)
      .finally(() => {
        isOver = true;
      });
    abort.abort(new Error("took too long"));
    await turns();
    assert.ok(isOver, "it waits for the answer to its cancellation");
    client.close();
  });

  it("is cancelled when its caller gives up", async () => {
    const transcript = new QmpTranscript(
      `${NEGOTIATED}> {"execute":"migrate","arguments":{"uri":"unix:s"},"id":2}\n< {"return": {}, "id": 2}\n> {"execute":"migrate_cancel","id":3}\n< {"return": {}, "id": 3}\n`,
    );
    const client = await QmpClient.over(transcript.client);
    const abort = new AbortController();
    const running = migrate(client, "unix:s", { signal: abort.signal });
    await turns();
    abort.abort(new Error("took too long"));
    await assert.rejects(running, /took too long/);
    await transcript.played;
    client.close();
  });
});
