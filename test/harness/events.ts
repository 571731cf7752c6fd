import type { Command } from "./command.ts";
import type { Ctr } from "./ctr.ts";
import { until } from "./until.ts";

/** One line of `ctr events`: a topic and the event's fields in containerd's JSON names. */
export interface SeenEvent {
  readonly topic: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Listens with `ctr events`. Ready when it returns: what happens from now on is seen. */
export async function watchEvents(ctr: Ctr): Promise<EventWatch> {
  const watch = new EventWatch(ctr.start("events"));
  // A subscription shows by what it delivers; creating a label-only image event is the cheapest thing that makes one.
  let round = 0;
  await until("ctr events listens", async () => {
    await ctr.ok("namespaces", "label", ctr.namespace, `probe=${round++}`);
    return watch.all().length > 0;
  });
  return watch;
}

export class EventWatch {
  readonly #command: Command;

  constructor(command: Command) {
    this.#command = command;
  }

  all(): SeenEvent[] {
    const lines = this.#command.stdout().split("\n").slice(0, -1);
    return lines.flatMap((line) => {
      const match = /(\/[a-z-]+\/[a-z-]+) (\{.*\})$/.exec(line);
      if (match === null) return [];
      return [{ topic: match[1] ?? "", fields: JSON.parse(match[2] ?? "{}") as Record<string, unknown> }];
    });
  }

  /** Task events of one container, in the order of their arrival. */
  of(id: string): SeenEvent[] {
    return this.all().filter(({ topic, fields }) => topic.startsWith("/tasks/") && fields.container_id === id);
  }

  topics(id: string): string[] {
    return this.of(id).map(({ topic }) => topic.replace("/tasks/", ""));
  }

  async waitFor(id: string, topic: string, process = id): Promise<SeenEvent> {
    const is = (event: SeenEvent): boolean =>
      event.topic === topic && [undefined, process].includes(event.fields.id as string);
    return await until(`event ${topic} of ${process}`, () => this.of(id).find(is));
  }

  async close(): Promise<void> {
    this.#command.kill();
    await this.#command.result();
  }
}
