/** What it asks of the pod's VM. */
export interface RestingVm {
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** It stands still. */
  readonly paused: boolean;
}

/**
 * Lets a VM stand still, at no cost of processor time, while every container in it is paused. Whoever asks something of
 * the guest wakes it for as long as that takes; the containers stay frozen.
 */
export class VmRest {
  readonly #vm: RestingVm;
  readonly #mayRest: () => boolean;
  readonly #warn: (message: string, cause: unknown) => void;
  #asking = 0;
  /** One pause or resume at a time. Never rejects. */
  #turn: Promise<void> = Promise.resolve();

  /** `mayRest`: every container is paused, and the stack can pause. */
  constructor(vm: RestingVm, mayRest: () => boolean, warn: (message: string, cause: unknown) => void) {
    this.#vm = vm;
    this.#mayRest = mayRest;
    this.#warn = warn;
  }

  /** Does the work with the VM awake. Rejects as the work does, or where the VM can't be woken. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#asking += 1;
    try {
      await this.#wake();
      return await work();
    } finally {
      this.#asking -= 1;
      this.#rest();
    }
  }

  /** Resolves when the VM stands still, if it is to. */
  settled(): Promise<void> {
    return this.#turn;
  }

  #wake(): Promise<void> {
    const woken = this.#turn.then(async () => {
      if (this.#vm.paused) await this.#vm.resume();
    });
    this.#turn = woken.catch(() => {});
    return woken;
  }

  #rest(): void {
    if (this.#asking > 0 || !this.#mayRest()) return;
    this.#turn = this.#turn.then(async () => {
      if (this.#asking > 0 || !this.#mayRest() || this.#vm.paused) return;
      // Its containers are frozen all the same.
      await this.#vm.pause().catch((cause) => this.#warn("the vm of paused containers goes on running", cause));
    });
  }
}
