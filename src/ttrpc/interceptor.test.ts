import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Status } from "../generated/google/rpc.ts";
import type { ClientInterceptor, ServerInterceptor } from "./interceptor.ts";
import { fullMethodName, propertyName } from "./service.ts";
import { isKind, Probe, serverWithClient, text } from "./testing.ts";

const appended = (message: unknown, suffix: string): Status => text(`${(message as Status).message}${suffix}`);

describe("interceptors", () => {
  it("services_test: full method names, and the property of a method", () => {
    assert.equal(fullMethodName("a.b.Svc", "Method"), "/a.b.Svc/Method");
    assert.equal(propertyName("CloseIO"), "closeIO");
  });

  it("TestUnaryServerInterceptor: sees /svc/Method and can change the result", async () => {
    const seen: string[] = [];
    const interceptor: ServerInterceptor = {
      async unary(request, context, next) {
        seen.push(context.fullMethod);
        return appended(await next(appended(request, " in"), context), " out");
      },
    };
    const { server, probe } = serverWithClient(
      { unary: (request) => appended(request, " handled") },
      { server: { interceptors: [interceptor] } },
    );
    assert.equal((await probe.unary(text("x"))).message, "x in handled out");
    assert.deepEqual(seen, ["/uvmshim.test.Probe/Unary"]);
    server.close();
  });

  it("TestUnaryClientInterceptor: sees /svc/Method, can change metadata and the result", async () => {
    const seen: string[] = [];
    const interceptor: ClientInterceptor = {
      async unary(request, call, next) {
        seen.push(call.fullMethod);
        call.metadata.set("added", "yes");
        return appended(await next(request, call), " out");
      },
    };
    const { server, probe } = serverWithClient(
      { unary: (request, { metadata }) => appended(request, ` ${metadata.get("added")}`) },
      { client: { interceptors: [interceptor] } },
    );
    assert.equal((await probe.unary(text("x"))).message, "x yes out");
    assert.deepEqual(seen, ["/uvmshim.test.Probe/Unary"]);
    server.close();
  });

  it("TestChainUnaryServerInterceptor, TestChainUnaryClientInterceptor: in the order of registration", async () => {
    const order: string[] = [];
    const serverStep = (name: string): ServerInterceptor => ({
      unary(request, context, next) {
        order.push(name);
        return next(request, context);
      },
    });
    const clientStep = (name: string): ClientInterceptor => ({
      unary(request, call, next) {
        order.push(name);
        return next(request, call);
      },
    });
    const { server, probe } = serverWithClient(
      {
        unary(request) {
          order.push("handler");
          return request;
        },
      },
      {
        server: { interceptors: [serverStep("server 1"), serverStep("server 2"), serverStep("server 3")] },
        client: { interceptors: [clientStep("client 1"), {}, clientStep("client 2")] },
      },
    );
    await probe.unary(text(""));
    assert.deepEqual(order, ["client 1", "client 2", "server 1", "server 2", "server 3", "handler"]);
    server.close();
  });

  it("an interceptor may answer by itself, or refuse", async () => {
    const interceptor: ServerInterceptor = {
      unary(request) {
        if ((request as Status).message === "refuse") throw new Error("refused");
        return text("from the interceptor");
      },
    };
    const { server, probe } = serverWithClient({}, { server: { interceptors: [interceptor] } });
    await assert.rejects(probe.unary(text("")), isKind("unimplemented"));
    server.close();
    const second = serverWithClient(
      { unary: () => assert.fail("the handler must not run") },
      { server: { interceptors: [interceptor] } },
    );
    assert.equal((await second.probe.unary(text(""))).message, "from the interceptor");
    await assert.rejects(second.probe.unary(text("refuse")), isKind("unknown", "refused"));
    second.server.close();
  });

  it("streams of every kind pass through both chains as duplex streams", async () => {
    const seen: string[] = [];
    const serverSide: ServerInterceptor = {
      async stream(stream, context, next) {
        seen.push(`server ${context.method}`);
        const result = await next(
          {
            send: (message) => stream.send(appended(message, "<")),
            receive: () => stream.receive(),
            closeSend: () => stream.closeSend(),
            [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
          },
          context,
        );
        seen.push(`done ${context.method}`);
        return result;
      },
    };
    const clientSide: ClientInterceptor = {
      stream(call, next) {
        seen.push(`client ${call.method}`);
        return next(call.request === undefined ? call : { ...call, request: appended(call.request, ">") });
      },
    };
    const { server, probe } = serverWithClient(
      {
        collect: async (requests) => appended(await requests.receive(), " collected"),
        spread: (request, responses) => responses.send(request),
        talk: async (stream) => stream.send(appended(await stream.receive(), " talked")),
      },
      { server: { interceptors: [serverSide] }, client: { interceptors: [clientSide] } },
    );
    const collect = probe.collect();
    await collect.send(text("c"));
    assert.equal((await collect.closeAndReceive()).message, "c collected");
    assert.equal((await probe.spread(text("s")).receive())?.message, "s><");
    const talk = probe.talk();
    await talk.send(text("t"));
    assert.equal((await talk.receive())?.message, "t talked<");
    assert.equal(await talk.receive(), undefined);
    const methods = Object.keys(Probe.methods).slice(2);
    assert.deepEqual(
      seen,
      methods.flatMap((method) => [`client ${method}`, `server ${method}`, `done ${method}`]),
    );
    server.close();
  });
});
