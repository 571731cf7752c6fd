import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { invalidArgument, unavailable } from "../errors/shim-error.ts";
import { TaskCreate, TaskExit } from "../generated/containerd/events.ts";
import type { ForwardRequest } from "../generated/containerd/services/events/ttrpc/v1.ts";
import { createLogger, silentLogger } from "../log/logger.ts";
import type { TaskEvent } from "../orchestration/events.ts";
import { envelopeOf } from "./envelope.ts";
import { type Forwarder, Publisher } from "./publisher.ts";

function started(containerId: string): TaskEvent {
  return { topic: "/tasks/start", containerId, pid: 1 };
}

/** Keeps every try; `answer` decides it. */
class Recorder implements Forwarder {
  readonly tries: string[] = [];
  closed = 0;
  #answer: (containerId: string, signal: AbortSignal) => Promise<void>;

  constructor(answer: (containerId: string, signal: AbortSignal) => Promise<void> = async () => undefined) {
    this.#answer = answer;
  }

  forward(request: ForwardRequest, { signal }: { signal: AbortSignal }): Promise<void> {
    const value = request.envelope?.event?.value ?? new Uint8Array();
    const { containerId } = TaskExit.decode(value);
    this.tries.push(containerId);
    return this.#answer(containerId, signal);
  }

  close(): void {
    this.closed += 1;
  }
}

function errorLog(): { lines: string[]; log: typeof silentLogger } {
  const lines: string[] = [];
  return { lines, log: createLogger({ level: "error", sink: { write: (line) => lines.push(line) } }) };
}

const quick = { namespace: "ns", log: silentLogger, minPauseMs: 0, maxPauseMs: 0 };

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

describe("Publisher", () => {
  it("delivers in order and one at a time, while the head fails again and again", async () => {
    let failures = 5;
    let inFlight = 0;
    const recorder = new Recorder(async (containerId) => {
      inFlight += 1;
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(inFlight, 1);
      inFlight -= 1;
      if (containerId === "b" && failures-- > 0) throw unavailable("containerd is away");
    });
    const publisher = new Publisher({ ...quick, forwarder: recorder });
    for (const id of ["a", "b", "c"]) publisher.publish(started(id));
    await publisher.close(60_000);
    assert.deepEqual(recorder.tries, ["a", "b", "b", "b", "b", "b", "b", "c"]);
    assert.equal(recorder.closed, 1);
  });

  it("goes on with events that come after it was idle", async () => {
    let delivered: () => void = () => undefined;
    const first = new Promise<void>((resolve) => {
      delivered = resolve;
    });
    const recorder = new Recorder(async () => {
      setImmediate(delivered);
    });
    const publisher = new Publisher({ ...quick, forwarder: recorder });
    publisher.publish(started("a"));
    await first;
    publisher.publish(started("b"));
    await publisher.close(60_000);
    assert.deepEqual(recorder.tries, ["a", "b"]);
  });

  it("drops an event that is too old, with an error, and goes on", async () => {
    const { lines, log } = errorLog();
    const recorder = new Recorder(async (id) => {
      if (id === "old") throw unavailable("containerd is away");
    });
    const publisher = new Publisher({ ...quick, log, forwarder: recorder, maxAgeMs: 0 });
    publisher.publish(started("old"));
    publisher.publish(started("new"));
    await publisher.close(60_000);
    assert.deepEqual(recorder.tries, ["old", "new"]);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /it is dropped" topic=\/tasks\/start containerId=old error="containerd is away"/);
  });

  it("keeps an event when the clock is set a day ahead", async () => {
    const { lines, log } = errorLog();
    const { now } = Date;
    let tries = 0;
    const recorder = new Recorder(async () => {
      tries += 1;
      if (tries > 1) return;
      Date.now = () => now() + 86_400_000;
      throw unavailable("containerd is away");
    });
    const publisher = new Publisher({ ...quick, log, forwarder: recorder, maxAgeMs: 60_000 });
    try {
      publisher.publish(started("a"));
      await publisher.close(60_000);
    } finally {
      Date.now = now;
    }
    assert.deepEqual([recorder.tries, lines], [["a", "a"], []]);
  });

  it("does not try again what containerd calls invalid", async () => {
    const { lines, log } = errorLog();
    const recorder = new Recorder(async (id) => {
      if (id === "bad") throw invalidArgument("no such topic");
    });
    const publisher = new Publisher({ ...quick, log, forwarder: recorder });
    publisher.publish(started("bad"));
    publisher.publish(started("good"));
    await publisher.close(60_000);
    assert.deepEqual(recorder.tries, ["bad", "good"]);
    assert.equal(lines.length, 1);
  });

  it("drops the oldest events beyond its bound, with an error", async () => {
    const { lines, log } = errorLog();
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const recorder = new Recorder(() => gate);
    const publisher = new Publisher({ ...quick, log, forwarder: recorder, maxQueued: 2 });
    for (const id of ["a", "b", "c", "d"]) publisher.publish(started(id));
    open();
    await publisher.close(60_000);
    // a was on its way already.
    assert.deepEqual(recorder.tries, ["a", "d"]);
    assert.deepEqual(
      lines.map((line) => /containerId=(.)/.exec(line)?.[1]),
      ["b", "c"],
    );
  });

  it("bounds one try, so that a silent containerd is asked again", async () => {
    let first = true;
    const recorder = new Recorder((_, signal) => {
      if (!first) return Promise.resolve();
      first = false;
      return untilAborted(signal);
    });
    const publisher = new Publisher({ ...quick, forwarder: recorder, attemptMs: 1 });
    publisher.publish(started("a"));
    await publisher.close(60_000);
    assert.deepEqual(recorder.tries, ["a", "a"]);
  });

  it("ends within its bound even when containerd is silent, and says what is lost", async () => {
    const { lines, log } = errorLog();
    const recorder = new Recorder((_, signal) => untilAborted(signal));
    const publisher = new Publisher({ ...quick, log, forwarder: recorder });
    publisher.publish(started("a"));
    publisher.publish(started("b"));
    await publisher.close(1);
    assert.equal(recorder.closed, 1);
    assert.deepEqual(
      lines.map((line) => /ends before .* containerId=(.)/.exec(line)?.[1]),
      ["a", "b"],
    );
    publisher.publish(started("c"));
    assert.deepEqual(recorder.tries, ["a"]);
  });

  it("ends at once when a pause between two tries is long", async () => {
    let failed: () => void = () => undefined;
    const failure = new Promise<void>((resolve) => {
      failed = resolve;
    });
    let away = true;
    const recorder = new Recorder(async () => {
      setImmediate(failed);
      if (away) throw unavailable("away");
    });
    const publisher = new Publisher({ ...quick, forwarder: recorder, minPauseMs: 3_600_000, maxPauseMs: 3_600_000 });
    publisher.publish(started("a"));
    await failure;
    away = false;
    await publisher.close(3_600_000);
    assert.deepEqual(recorder.tries, ["a", "a"]);
  });

  it("does not wait at its end for a containerd that never took an event", async () => {
    const { lines, log } = errorLog();
    let failed: () => void = () => undefined;
    const failure = new Promise<void>((resolve) => {
      failed = resolve;
    });
    const recorder = new Recorder(async () => {
      setImmediate(failed);
      throw unavailable("no such socket");
    });
    const pauses = { minPauseMs: 3_600_000, maxPauseMs: 3_600_000 };
    const publisher = new Publisher({ ...quick, ...pauses, log, forwarder: recorder });
    publisher.publish(started("a"));
    await failure;
    await publisher.close(3_600_000);
    assert.deepEqual(recorder.tries, ["a", "a"]);
    assert.match(lines[0] ?? "", /ends before this event reached containerd/);
  });

  it("waits at its end for a containerd that took an event before", async () => {
    let tries = 0;
    const recorder = new Recorder(async () => {
      tries += 1;
      if (tries > 1 && tries < 5) throw unavailable("containerd starts anew");
    });
    const publisher = new Publisher({ ...quick, forwarder: recorder });
    publisher.publish(started("a"));
    publisher.publish(started("b"));
    await publisher.close(3_600_000);
    assert.deepEqual(recorder.tries, ["a", "b", "b", "b", "b"]);
  });

  it("only logs where there is no events service", async () => {
    const lines: string[] = [];
    const log = createLogger({ level: "debug", sink: { write: (line) => lines.push(line) } });
    const publisher = new Publisher({ ...quick, log, forwarder: undefined });
    publisher.publish(started("a"));
    await publisher.close(60_000);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /msg="event" topic=\/tasks\/start containerId=a pid=1/);
  });
});

describe("envelopeOf", () => {
  const at = new Date("2026-01-02T03:04:05.678Z");

  it("wraps an exit as containerd's TaskExit", () => {
    const { envelope } = envelopeOf(
      { topic: "/tasks/exit", containerId: "c", id: "e", pid: 7, exitStatus: 137, exitedAt: at },
      "ns",
      at,
    );
    assert.ok(envelope?.event);
    assert.deepEqual(envelope.timestamp, { seconds: 1767323045n, nanos: 678_000_000 });
    assert.deepEqual([envelope.namespace, envelope.topic], ["ns", "/tasks/exit"]);
    assert.equal(envelope.event.typeUrl, "containerd.events.TaskExit");
    assert.deepEqual(TaskExit.decode(envelope.event.value), {
      containerId: "c",
      id: "e",
      pid: 7,
      exitStatus: 137,
      exitedAt: { seconds: 1767323045n, nanos: 678_000_000 },
    });
  });

  it("wraps a create with its mounts and stdio", () => {
    const event: TaskEvent = {
      topic: "/tasks/create",
      containerId: "c",
      bundle: "/b",
      rootfs: [{ type: "bind", source: "/s", target: "", options: ["ro", "rbind"] }],
      io: { stdin: "", stdout: "/o", stderr: "/e", terminal: false },
      checkpoint: "",
      pid: 7,
    };
    const { topic, ...message } = event;
    const { envelope } = envelopeOf(event, "ns", at);
    assert.equal(envelope?.topic, topic);
    assert.deepEqual(TaskCreate.decode(envelope?.event?.value ?? new Uint8Array()), message);
  });

  it("knows the type of every topic", () => {
    const events: TaskEvent[] = [
      { topic: "/tasks/start", containerId: "c", pid: 1 },
      { topic: "/tasks/delete", containerId: "c", id: "", pid: 1, exitStatus: 0, exitedAt: at },
      { topic: "/tasks/exec-added", containerId: "c", execId: "e" },
      { topic: "/tasks/exec-started", containerId: "c", execId: "e", pid: 1 },
      { topic: "/tasks/oom", containerId: "c" },
      { topic: "/tasks/paused", containerId: "c" },
      { topic: "/tasks/resumed", containerId: "c" },
    ];
    assert.deepEqual(
      events.map((event) => envelopeOf(event, "ns", at).envelope?.event?.typeUrl.replace("containerd.events.", "")),
      ["TaskStart", "TaskDelete", "TaskExecAdded", "TaskExecStarted", "TaskOOM", "TaskPaused", "TaskResumed"],
    );
  });
});
