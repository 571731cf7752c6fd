import { rmSync } from "node:fs";
import { TaskDelete, TaskExit } from "../../src/generated/containerd/events.ts";
import type { ForwardRequest } from "../../src/generated/containerd/services/events/ttrpc/v1.ts";
import { Events } from "../../src/generated/containerd/services/events/ttrpc/v1.ts";
import { Server } from "../../src/ttrpc/server.ts";
import { serve } from "../../src/ttrpc/socket.ts";
import { until } from "./until.ts";

/** containerd's end of the event channel, as a shim sees it: a ttrpc server that can go away and come back. */
export class EventServer {
  readonly path: string;
  readonly #seen: { topic: string; typeUrl: string; value: Uint8Array }[] = [];
  #server: Server | undefined;

  constructor(path: string) {
    this.path = path;
  }

  async open(): Promise<void> {
    rmSync(this.path, { force: true });
    const server = new Server();
    server.register(Events, {
      forward: ({ envelope }: ForwardRequest) => {
        if (envelope?.event === undefined) throw new Error("an event without envelope");
        this.#seen.push({ topic: envelope.topic, ...envelope.event });
        return {};
      },
    });
    await serve(server, { path: this.path });
    this.#server = server;
  }

  /** Closes listener and connections at once, as a killed containerd does. */
  close(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  topics(): string[] {
    return this.#seen.map(({ topic }) => topic.replace("/tasks/", ""));
  }

  exitStatuses(): number[] {
    return this.#seen.flatMap(({ topic, value }) => {
      if (topic === "/tasks/exit") return [TaskExit.decode(value).exitStatus];
      return topic === "/tasks/delete" ? [TaskDelete.decode(value).exitStatus] : [];
    });
  }

  async waitFor(topic: string): Promise<void> {
    await until(`event ${topic}`, () => this.topics().includes(topic));
  }
}
