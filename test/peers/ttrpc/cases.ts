/** The interop cases, each a conversation with a server of uvmshim.interop.v1.Interop; a case fails by throwing. */
import assert from "node:assert/strict";
import { ShimError } from "../../../src/errors/shim-error.ts";
import type { Client } from "../../../src/ttrpc/client.ts";
import { maxPayloadLength } from "../../../src/ttrpc/frame.ts";
import { Metadata } from "../../../src/ttrpc/metadata.ts";
import { fullGrace, queueBytesLimit } from "../../../src/ttrpc/receive-queue.ts";
import type { ServiceClient, ServiceDescriptor } from "../../../src/ttrpc/service.ts";
import { TtrpcError } from "../../../src/ttrpc/status.ts";
import { Interop } from "./generated/uvmshim/interop/v1.ts";

export interface InteropCase {
  readonly name: string;
  run(interop: ServiceClient<typeof Interop>, client: Client): Promise<void>;
}

const noBytes = new Uint8Array(0);

export const interopCases: readonly InteropCase[] = [
  {
    name: "unary echo, every byte value and 64 bits",
    async run(interop) {
      const payload = Uint8Array.from({ length: 256 }, (_, index) => index);
      const request = { seq: -(2n ** 63n), text: "grüße \u{1f40b}", payload };
      assert.deepEqual(await interop.echo(request), request);
    },
  },
  {
    name: "unary echo of an empty message",
    async run(interop) {
      const empty = { seq: 0n, text: "", payload: noBytes };
      assert.deepEqual(await interop.echo(empty), empty);
    },
  },
  {
    name: "metadata arrives with every value in order",
    async run(interop) {
      const metadata = new Metadata({ "Test-Key": ["one", "two"], "containerd-namespace-ttrpc": "default" });
      const answer = await interop.echoMetadata({}, { metadata });
      assert.deepEqual(answer.metadata, [
        { key: "containerd-namespace-ttrpc", values: ["default"] },
        { key: "test-key", values: ["one", "two"] },
      ]);
    },
  },
  {
    name: "a deadline is seen by the server",
    async run(interop) {
      const { deadlineMs } = await interop.sleep({ durationMs: 1 }, { timeout: 60_000 });
      assert.ok(deadlineMs > 0n && deadlineMs <= 60_000n, `the server saw ${deadlineMs} ms`);
      assert.equal((await interop.sleep({ durationMs: 1 })).deadlineMs, -1n);
    },
  },
  {
    name: "a deadline ends the call",
    async run(interop) {
      await assert.rejects(interop.sleep({ durationMs: 60_000 }, { timeout: 50 }), isKind("deadline-exceeded"));
    },
  },
  {
    name: "every error code arrives with its text",
    async run(interop) {
      for (let code = 1; code <= 16; code += 1) {
        const text = `code ${code}: größe`;
        await assert.rejects(interop.fail({ code, text }), (error) => {
          assert.ok(error instanceof TtrpcError);
          assert.deepEqual([error.code, error.message], [code, text]);
          return true;
        });
      }
    },
  },
  {
    name: "unknown method and unknown service are unimplemented",
    async run(_interop, client) {
      const echo = Interop.methods.Echo;
      const request = { seq: 0n, text: "", payload: noBytes };
      const stranger = { name: Interop.name, methods: { Nope: { ...echo, name: "Nope" } } } as const;
      await assert.rejects(client.service(stranger).nope(request), isKind("unimplemented"));
      const nobody = {
        name: "uvmshim.interop.v1.Nobody",
        methods: { Echo: echo },
      } as const satisfies ServiceDescriptor;
      await assert.rejects(client.service(nobody).echo(request), isKind("unimplemented"));
    },
  },
  {
    name: "the largest request and response pass",
    async run(interop) {
      // What is left of 4 MiB for the padding: field and length of payload and padding, service, method.
      const room = maxPayloadLength - 64;
      assert.equal((await interop.big({ size: 1, padding: new Uint8Array(room) })).data.length, 1);
      assert.equal((await interop.big({ size: room, padding: noBytes })).data.length, room);
    },
  },
  {
    name: "an oversize request fails here and the connection lives on",
    async run(interop) {
      const padding = new Uint8Array(maxPayloadLength + 1);
      await assert.rejects(interop.big({ size: 1, padding }), isKind("resource-exhausted"));
      assert.equal((await interop.big({ size: 7, padding: noBytes })).data.length, 7);
    },
  },
  {
    name: "client stream is summed, empty messages count",
    async run(interop) {
      const call = interop.sum();
      for (const add of [1, 0, -5, 0, 40]) await call.send({ add });
      assert.deepEqual(await call.closeAndReceive(), { sum: 36n, parts: 5 });
    },
  },
  {
    name: "client stream without a message",
    async run(interop) {
      assert.deepEqual(await interop.sum().closeAndReceive(), { sum: 0n, parts: 0 });
    },
  },
  {
    name: "server stream arrives whole and in order, empty messages too",
    async run(interop) {
      const parts: number[] = [];
      for await (const { add } of interop.divide({ total: 7, parts: 10 })) parts.push(add);
      assert.deepEqual(parts, [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
    },
  },
  {
    name: "server stream that fails",
    async run(interop) {
      await assert.rejects(interop.divide({ total: 1, parts: 0 }).receive(), isKind("invalid-argument"));
    },
  },
  {
    name: "bidi stream echoes 100 messages, then ends",
    async run(interop) {
      const stream = interop.echoStream();
      for (let seq = 0n; seq < 100n; seq += 1n) {
        await stream.send({ seq, text: "ping", payload: noBytes });
        assert.deepEqual(await stream.receive(), { seq: seq + 1n, text: "ping", payload: noBytes });
      }
      stream.closeSend();
      assert.equal(await stream.receive(), undefined);
      assert.equal(await stream.receive(), undefined);
    },
  },
  {
    name: "half-closed bidi stream still brings all answers",
    async run(interop) {
      const stream = interop.echoStream();
      for (let seq = 0n; seq < 20n; seq += 1n) await stream.send({ seq, text: "early", payload: noBytes });
      stream.closeSend();
      for (let seq = 1n; seq <= 20n; seq += 1n) assert.equal((await stream.receive())?.seq, seq);
      assert.equal(await stream.receive(), undefined);
    },
  },
  {
    name: "empty messages are messages in both directions",
    async run(interop) {
      const stream = interop.echoStream();
      const empty = { seq: 0n, text: "", payload: noBytes };
      await stream.send(empty);
      assert.deepEqual(await stream.receive(), { ...empty, seq: 1n });
      await stream.send({ ...empty, seq: -1n });
      assert.deepEqual(await stream.receive(), empty);
      stream.closeSend();
      assert.equal(await stream.receive(), undefined);
    },
  },
  {
    name: "a stream that nobody reads blocks no other call",
    async run(interop) {
      // More than a queue takes, in bytes as in time; a stream that has ended may be read whenever one likes.
      const unread = interop.divide({ total: 0, parts: Math.ceil(queueBytesLimit / 50) });
      for (let seq = 0n; seq < 10n; seq += 1n) {
        assert.equal((await interop.echo({ seq, text: "next", payload: noBytes })).seq, seq);
      }
      await interop.sleep({ durationMs: 2 * fullGrace });
      const drain = async (): Promise<void> => {
        while ((await unread.receive()) !== undefined);
      };
      await assert.rejects(drain(), isKind("resource-exhausted"));
    },
  },
  {
    name: "client stream answered by an empty message",
    async run(interop) {
      const call = interop.echoNull();
      for (let seq = 0n; seq < 100n; seq += 1n) await call.send({ seq, text: "non-empty empty", payload: noBytes });
      assert.deepEqual(await call.closeAndReceive(), {});
    },
  },
  {
    name: "client stream that the server refuses",
    async run(interop) {
      const call = interop.echoNull();
      await call.send({ seq: 0n, text: "wrong", payload: noBytes });
      await assert.rejects(call.closeAndReceive(), isKind("invalid-argument"));
    },
  },
  {
    name: "1000 concurrent unary calls",
    async run(interop) {
      const calls = Array.from({ length: 1000 }, (_, seq) =>
        interop.echo({ seq: BigInt(seq), text: "concurrent", payload: noBytes }),
      );
      const answers = await Promise.all(calls);
      assert.deepEqual(
        answers.map(({ seq }) => seq),
        answers.map((_, index) => BigInt(index)),
      );
    },
  },
  {
    name: "1000 concurrent bidi streams",
    async run(interop) {
      const talk = async (seq: bigint): Promise<bigint | undefined> => {
        const stream = interop.echoStream();
        await stream.send({ seq, text: "concurrent", payload: noBytes });
        const answer = await stream.receive();
        stream.closeSend();
        assert.equal(await stream.receive(), undefined);
        return answer?.seq;
      };
      const answers = await Promise.all(Array.from({ length: 1000 }, (_, seq) => talk(BigInt(seq))));
      assert.deepEqual(
        answers,
        answers.map((_, index) => BigInt(index) + 1n),
      );
    },
  },
];

/**
 * Where implementations differ: Go's server drops the connection over an oversize response, ours answers
 * ResourceExhausted and goes on. Either way the call must fail. Uses its connection up: run it last.
 */
export const oversizeResponse: InteropCase = {
  name: "an oversize response fails the call",
  async run(interop) {
    await assert.rejects(
      interop.big({ size: maxPayloadLength + 1, padding: noBytes }),
      (error) => isKind("resource-exhausted")(error) || isKind("unavailable")(error),
    );
  },
};

export function isKind(kind: ShimError["kind"]): (error: unknown) => boolean {
  return (error) => error instanceof ShimError && error.kind === kind;
}
