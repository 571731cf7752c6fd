import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { recordSpans, type Span } from "../tracing/span.ts";
import type { CallContext } from "../ttrpc/service.ts";
import { tracedCalls } from "./traced-calls.ts";

describe("traced calls", () => {
  const context = { service: "containerd.task.v2.Task", method: "Create" } as CallContext;
  let told: Span[] = [];
  let time = 0;
  beforeEach(() => {
    told = [];
    recordSpans(
      (span) => told.push(span),
      () => (time += 5),
    );
  });
  afterEach(() => recordSpans(undefined));

  const call = (request: unknown, answer: () => unknown): unknown => tracedCalls().unary?.(request, context, answer);

  it("are spans until their answer, asynchronous or not, with whom they are about", async () => {
    assert.equal(
      call({ id: "web", execId: "" }, () => 1),
      1,
    );
    assert.equal(await call({ id: "web", execId: "e" }, async () => 2), 2);
    const service = context.service;
    assert.deepEqual(
      told.map(({ track, name, duration, fields }) => [track, name, duration, fields]),
      [
        ["daemon", "Create", 5, { service, id: "web" }],
        ["daemon", "Create", 5, { service, id: "web", exec: "e" }],
      ],
    );
  });

  it("that fail fail as they would, and say why", async () => {
    const error = new Error("no room");
    assert.throws(
      () =>
        call(undefined, () => {
          throw error;
        }),
      error,
    );
    await assert.rejects(Promise.resolve(call({}, () => Promise.reject(error))), error);
    assert.deepEqual(
      told.map(({ fields }) => fields?.error),
      ["no room", "no room"],
    );
  });
});
