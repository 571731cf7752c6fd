import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { deferred } from "../orchestration/deadline.ts";
import { memoryStreamPair } from "../transport/memory-stream.ts";
import { Client } from "../ttrpc/client.ts";
import { Metadata } from "../ttrpc/metadata.ts";
import { Server } from "../ttrpc/server.ts";
import { fullMethodName, propertyName, type ServiceDescriptor } from "../ttrpc/service.ts";
import { rpcBudgets, withinBudgets } from "./budgets.ts";

const generated = new URL("../generated/", import.meta.url);
/** Not on the shim's socket: of containerd, of other VM services, of the guest's agent. */
const ELSEWHERE = [
  "containerd.services.events.ttrpc.v1.",
  "vmservice.",
  "uvmshim.agent.v1.",
  "nerdbox.services.",
  "containerd.vminitd.services.",
];

function isService(value: unknown): value is ServiceDescriptor {
  return typeof value === "object" && value !== null && "methods" in value && "name" in value;
}

/** Every service that there is a .proto of. */
async function services(): Promise<ServiceDescriptor[]> {
  const files = readdirSync(generated, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
  );
  const modules: object[] = await Promise.all(files.map((file) => import(`../generated/${file}`)));
  return modules.flatMap((module) => Object.values(module)).filter(isService);
}

const never = (): Promise<never> => new Promise(() => {});

/** Every method of a service, wedged. */
class Subject {
  readonly server: Server;
  readonly client: Client;

  constructor(service: ServiceDescriptor, scaled: Readonly<Record<string, number>> = {}) {
    this.server = new Server({ interceptors: [withinBudgets(scaled)] });
    const names = Object.keys(service.methods).map(propertyName);
    this.server.register(service, Object.fromEntries(names.map((name) => [name, never])));
    const [near, far] = memoryStreamPair();
    this.server.accept(far);
    this.client = new Client(near);
  }

  call(service: ServiceDescriptor, method: string, timeout?: number): Promise<unknown> {
    const descriptor = service.methods[method];
    const call: unknown = Reflect.get(this.client.service(service), propertyName(method));
    assert.ok(descriptor !== undefined && typeof call === "function");
    return call(descriptor.input.decode(new Uint8Array()), timeout === undefined ? {} : { timeout });
  }

  close(): void {
    this.client.close();
    this.server.close();
  }
}

const served = (await services()).filter(({ name }) => !ELSEWHERE.some((each) => name.startsWith(each)));
const unary = (service: ServiceDescriptor): string[] =>
  Object.values(service.methods)
    .filter(({ clientStreaming, serverStreaming }) => !clientStreaming && !serverStreaming)
    .map(({ name }) => name);

describe("the budgets of RPCs", () => {
  it("name every method that is on the shim's socket, and no other", () => {
    const methods = served.flatMap(({ name, methods }) =>
      Object.keys(methods).map((each) => fullMethodName(name, each)),
    );
    assert.ok(methods.length >= 50, `${methods.length} methods`);
    const budgeted = Object.entries(rpcBudgets).flatMap(([service, budgets]) =>
      Object.keys(budgets).map((each) => fullMethodName(service, each)),
    );
    assert.deepEqual(budgeted.sort(), methods.sort());
  });

  for (const service of served) {
    it(`end each call to ${service.name} whose handler hangs`, async () => {
      const timed = unary(service).filter((name) => rpcBudgets[service.name]?.[name] !== "unbounded");
      const s = new Subject(service, Object.fromEntries(timed.map((name) => [fullMethodName(service.name, name), 20])));
      try {
        for (const name of timed) {
          await assert.rejects(s.call(service, name), {
            kind: "deadline-exceeded",
            message: `${name} did not finish in 0.02 s`,
          });
        }
      } finally {
        s.close();
      }
    });

    it(`leave a shorter deadline of a client of ${service.name} its force`, async () => {
      const s = new Subject(service);
      try {
        const begin = performance.now();
        const calls = unary(service).map((name) => s.call(service, name, 20));
        await Promise.all(calls.map((call) => assert.rejects(call, { kind: "deadline-exceeded" })));
        assert.ok(performance.now() - begin < 10_000);
      } finally {
        s.close();
      }
    });
  }

  it("tell the calls that wait for their handler, but for those without an end of their own", async () => {
    const calls = withinBudgets();
    const call = (method: string, handler: Promise<string>) => {
      const context = { service: "containerd.task.v3.Task", method, fullMethod: `/containerd.task.v3.Task/${method}` };
      const { signal } = new AbortController();
      return calls.unary?.(
        { id: "c" },
        { ...context, signal, metadata: new Metadata(), deadline: undefined },
        () => handler,
      );
    };
    const { promise, resolve } = deferred<string>();
    void call("Wait", never());
    assert.equal(calls.underWay, 0);
    const created = call("Create", promise);
    const failed = call("Start", Promise.reject(new Error("no")));
    assert.equal(calls.underWay, 2);
    await assert.rejects(async () => failed, { message: "no" });
    resolve("made");
    assert.equal(await created, "made");
    assert.equal(calls.underWay, 0);
  });

  it("refuse a method that has none", async () => {
    const [task] = served;
    assert.ok(task);
    const unknown = { ...task, name: "a.Service" };
    const s = new Subject(unknown);
    try {
      const [name = ""] = unary(unknown);
      await assert.rejects(s.call(unknown, name), {
        kind: "internal",
        message: `/a.Service/${name} has no budget; cannot call it`,
      });
    } finally {
      s.close();
    }
  });
});
