import type { Settings } from "../../config/settings.ts";
import type { Logger } from "../../log/logger.ts";
import type { EventSink, TaskEvent } from "../../orchestration/events.ts";
import type { Runtime } from "../../sys/runtime.ts";
import { DAEMON_RUNTIME, ownCommand } from "../identity.ts";
import { listSpares, poolOf } from "./pool.ts";
import { type SpareOptions, unchanged } from "./waiting.ts";

/** Until a container that was just made is at work: a spare's boot is not to hold it up. */
const QUIET_MS = 200;
/** Room for the command line that a spare shows once it is a pod's daemon. */
const ARGUMENT_BYTES = 2048;

/** Has as many spare daemons wait as the configuration asks for: when nothing happens to a container, and at the end. */
export class SpareKeeper {
  readonly #runtime: Pick<Runtime, "spawn">;
  readonly #settings: Settings;
  readonly #address: string;
  readonly #log: Logger;
  readonly #files: readonly string[];
  readonly #isUnchanged: () => boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: { runtime: Pick<Runtime, "spawn">; settings: Settings; address: string; log: Logger }) {
    this.#runtime = options.runtime;
    this.#settings = options.settings;
    this.#address = options.address;
    this.#log = options.log;
    const { source } = options.settings;
    this.#files = [process.execPath, ...(source.startsWith("/") ? [source] : [])];
    this.#isUnchanged = unchanged(this.#files);
  }

  /** The sink, and some time after the last of its events, once, `keep`. */
  after(sink: EventSink): EventSink {
    this.#soon();
    return {
      publish: (event: TaskEvent) => {
        sink.publish(event);
        this.#soon();
      },
    };
  }

  /** Starts what is missing; how many are too many the spares see to themselves. Never throws. */
  keep(): void {
    clearTimeout(this.#timer);
    const { spareDaemons, spareIdleSeconds, stack } = this.#settings;
    // What is asked for now, the pods tell that are started by it.
    if (!this.#isUnchanged()) return;
    try {
      const pool = poolOf(this.#address);
      const waiting = listSpares().filter((spare) => spare.alive && spare.pool === pool).length;
      const options: SpareOptions = {
        address: this.#address,
        count: spareDaemons,
        idleSeconds: spareIdleSeconds,
        files: this.#files,
        stack,
      };
      for (let missing = spareDaemons - waiting; missing > 0; missing -= 1) {
        const argv = [...ownCommand(), "spare", JSON.stringify(options).padEnd(ARGUMENT_BYTES)];
        // As the launcher gives it.
        const env = { ...process.env, ...DAEMON_RUNTIME } as Record<string, string>;
        this.#runtime.spawn(argv, { cwd: "/", env, detached: true });
      }
    } catch (error) {
      this.#log.warn("no spare daemon could be started", { error });
    }
  }

  #soon(): void {
    if (this.#timer !== undefined) {
      this.#timer.refresh();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.keep();
    }, QUIET_MS);
    this.#timer.unref();
  }
}
