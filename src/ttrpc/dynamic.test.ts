import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Interop } from "../../test/peers/ttrpc/generated/uvmshim/interop/v1.ts";
import { interopHandlers } from "../../test/peers/ttrpc/handlers.ts";
import { loadService } from "./dynamic.ts";
import { Server } from "./server.ts";
import type { MessageCodec } from "./service.ts";
import { clientOf, isKind } from "./testing.ts";

const repository = join(dirname(fileURLToPath(import.meta.url)), "../..");
const file = join(repository, "test/peers/ttrpc/interop.proto");

interface Message {
  readonly seq: string;
  readonly text?: string;
  readonly payload?: Uint8Array;
}
interface Method<C extends boolean, S extends boolean> {
  readonly name: string;
  readonly input: MessageCodec<Message>;
  readonly output: MessageCodec<Message>;
  readonly clientStreaming: C;
  readonly serverStreaming: S;
}
interface Shape {
  readonly name: string;
  readonly methods: {
    readonly Echo: Method<false, false>;
    readonly EchoStream: Method<true, true>;
  };
}

describe("dynamic services", () => {
  it("a service loaded from a .proto talks with the generated one", async () => {
    const loaded = await loadService<Shape & { readonly methods: Record<string, Method<boolean, boolean>> }>(
      file,
      Interop.name,
    );
    const kinds = (methods: Readonly<Record<string, Method<boolean, boolean>>>): unknown[] =>
      Object.values(methods).map((method) => [method.name, method.clientStreaming, method.serverStreaming]);
    assert.deepEqual(
      kinds(loaded.methods),
      Object.values(Interop.methods).map((method) => [method.name, method.clientStreaming, method.serverStreaming]),
    );
    const server = new Server();
    server.register(Interop, interopHandlers);
    const client = clientOf(server).service<Shape>(loaded);
    const answer = await client.echo({ seq: "-9223372036854775808", text: "hi", payload: Uint8Array.of(1, 2) });
    assert.deepEqual({ ...answer }, { seq: "-9223372036854775808", text: "hi", payload: Buffer.of(1, 2) });
    const stream = client.echoStream();
    await stream.send({ seq: "41", text: "hi" });
    assert.deepEqual(await stream.receive(), { seq: "42", text: "hi", payload: Buffer.alloc(0) });
    server.close();
  });

  it("a service that the file does not declare", async () => {
    await assert.rejects(loadService(file, "uvmshim.interop.v1.Nope"), isKind("not-found"));
    await assert.rejects(loadService(file, "uvmshim.interop.v1.EchoRequest"), isKind("not-found"));
  });
});
