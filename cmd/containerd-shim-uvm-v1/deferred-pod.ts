import { notFound } from "../../src/errors/shim-error.ts";
import type { PodController } from "../../src/orchestration/pod/controller.ts";
import type { ReportLine } from "../../src/orchestration/report.ts";
import type { ProcessState, Tasks } from "../../src/orchestration/tasks.ts";

/**
 * A pod whose code is loaded after the daemon answers on its socket: all that is below the API costs more than a third of
 * the daemon's start, and nothing of it is needed before the first create. Calls wait for it; it is asked for at once
 * when the daemon is ready, so that it loads while containerd dials.
 */
export class DeferredPod implements Tasks {
  readonly #load: () => Promise<PodController>;
  #loading: Promise<PodController> | undefined;
  #pod: PodController | undefined;
  #creates = 0;

  constructor(load: () => Promise<PodController>) {
    this.#load = load;
  }

  /** Rejects, each time, where the pod's code can't be loaded. */
  async ready(): Promise<PodController> {
    this.#loading ??= this.#load().then((pod) => {
      this.#pod = pod;
      return pod;
    });
    return await this.#loading;
  }

  readonly create: Tasks["create"] = async (...request) => {
    this.#creates += 1;
    try {
      return await (await this.ready()).create(...request);
    } finally {
      this.#creates -= 1;
    }
  };

  readonly start: Tasks["start"] = async (...request) => (await this.ready()).start(...request);
  readonly delete: Tasks["delete"] = async (...request) => (await this.ready()).delete(...request);
  readonly pids: Tasks["pids"] = async (...request) => (await this.ready()).pids(...request);
  readonly pause: Tasks["pause"] = async (...request) => (await this.ready()).pause(...request);
  readonly resume: Tasks["resume"] = async (...request) => (await this.ready()).resume(...request);
  readonly checkpoint: Tasks["checkpoint"] = async (...request) => (await this.ready()).checkpoint(...request);
  readonly kill: Tasks["kill"] = async (...request) => (await this.ready()).kill(...request);
  readonly exec: Tasks["exec"] = async (request) => (await this.ready()).exec(request);
  readonly resizePty: Tasks["resizePty"] = async (...request) => (await this.ready()).resizePty(...request);
  readonly closeIO: Tasks["closeIO"] = async (process) => (await this.ready()).closeIO(process);
  readonly update: Tasks["update"] = async (...request) => (await this.ready()).update(...request);
  readonly wait: Tasks["wait"] = async (...request) => (await this.ready()).wait(...request);
  readonly stats: Tasks["stats"] = async (...request) => (await this.ready()).stats(...request);
  readonly vmStatistics: Tasks["vmStatistics"] = async (...request) => (await this.ready()).vmStatistics(...request);

  readonly archive: PodController["archive"] = async (...request) => (await this.ready()).archive(...request);

  readonly state: Tasks["state"] = (process): ProcessState => {
    if (this.#pod === undefined) throw notFound(`container ${process.id} does not exist: container not created`);
    return this.#pod.state(process);
  };

  readonly connect: Tasks["connect"] = (id) => this.#pod?.connect(id) ?? { taskPid: 0 };

  readonly busy: Tasks["busy"] = () => this.#creates > 0 || this.#pod?.busy() === true;

  /** Nothing before it is loaded. */
  report(): ReportLine[] {
    return this.#pod?.report() ?? [];
  }

  async guestStacks(options: { signal: AbortSignal }): Promise<string | undefined> {
    return await this.#pod?.guestStacks(options);
  }

  /** Ends who looks into the pod; others go on. */
  closeDiagnostics(): void {
    this.#pod?.diagnostics.close();
  }

  async close(options?: { signal: AbortSignal }): Promise<void> {
    await this.#pod?.close(options);
  }
}
