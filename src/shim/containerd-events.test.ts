import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { TaskStart } from "../generated/containerd/events.ts";
import { Events } from "../generated/containerd/services/events/ttrpc/v1.ts";
import { silentLogger } from "../log/logger.ts";
import { Server } from "../ttrpc/server.ts";
import { serve } from "../ttrpc/socket.ts";
import { ContainerdEvents } from "./containerd-events.ts";
import { Publisher } from "./publisher.ts";

let dir = "";
let path = "";
let server: Server | undefined;
const seen: string[] = [];
const namespaces = new Set<string>();
let wanted: { count: number; arrived: () => void } | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "events-test-"));
  path = join(dir, "containerd.sock.ttrpc");
  seen.length = 0;
  namespaces.clear();
});
afterEach(() => {
  server?.close();
  rmSync(dir, { recursive: true });
});

async function containerdComes(): Promise<void> {
  rmSync(path, { force: true });
  server = new Server();
  server.register(Events, {
    forward: ({ envelope }, { metadata }) => {
      for (const namespace of metadata.get("containerd-namespace-ttrpc") ?? []) namespaces.add(namespace);
      seen.push(TaskStart.decode(envelope?.event?.value ?? new Uint8Array()).containerId);
      if (wanted !== undefined && seen.length >= wanted.count) wanted.arrived();
      return {};
    },
  });
  await serve(server, { path });
}

async function arrival(count: number): Promise<void> {
  if (seen.length >= count) return;
  await new Promise<void>((arrived) => {
    wanted = { count, arrived };
  });
}

describe("ContainerdEvents", () => {
  it("brings every event in order through an absence and two restarts of containerd", async () => {
    const events = new ContainerdEvents(path, "ns");
    const publisher = new Publisher({
      namespace: "ns",
      forwarder: events,
      log: silentLogger,
      minPauseMs: 1,
      maxPauseMs: 5,
    });
    const expected: string[] = [];
    const publish = (count: number) => {
      for (let i = 0; i < count; i += 1) {
        const containerId = `c${expected.length}`;
        expected.push(containerId);
        publisher.publish({ topic: "/tasks/start", containerId, pid: 1 });
      }
    };

    publish(3);
    await containerdComes();
    await arrival(3);
    publish(20);
    await arrival(10);
    server?.close();
    publish(20);
    await containerdComes();
    await arrival(expected.length);
    server?.close();
    await containerdComes();
    publish(1);
    await publisher.close(60_000);

    // An event that was under way when the connection broke may have come twice, never out of order.
    assert.deepEqual(
      seen.filter((id, i) => id !== seen[i - 1]),
      expected,
    );
    assert.deepEqual([...namespaces], ["ns"]);
  });

  it("ends with its publisher while it connects to nobody", async () => {
    const publisher = new Publisher({
      namespace: "ns",
      forwarder: new ContainerdEvents(`unix://${path}`, "ns"),
      log: silentLogger,
    });
    publisher.publish({ topic: "/tasks/start", containerId: "c", pid: 1 });
    await publisher.close(1);
    assert.deepEqual(seen, []);
  });
});
