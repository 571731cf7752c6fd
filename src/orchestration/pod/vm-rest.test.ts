import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unavailable } from "../../errors/shim-error.ts";
import { deferred } from "../deadline.ts";
import { VmRest } from "./vm-rest.ts";

class Vm {
  readonly log: string[] = [];
  paused = false;
  fault: Error | undefined;

  pause(): Promise<void> {
    return this.#step("pause", true);
  }

  resume(): Promise<void> {
    return this.#step("resume", false);
  }

  async #step(name: string, paused: boolean): Promise<void> {
    this.log.push(name);
    await Promise.resolve();
    if (this.fault) throw this.fault;
    this.paused = paused;
  }
}

function subject() {
  const vm = new Vm();
  const containers = { paused: true };
  const warn = (message: string): number => vm.log.push(message);
  const rest = new VmRest(vm, () => containers.paused, warn);
  const ask = (what: string): Promise<number> => rest.during(async () => vm.log.push(`${what} ${vm.paused}`));
  return { vm, containers, rest, ask };
}

describe("the rest of a VM whose containers are paused", () => {
  it("begins after the last container's pause, and ends with the first resume", async () => {
    const { vm, containers, rest, ask } = subject();
    containers.paused = false;
    await ask("a");
    await rest.settled();
    assert.equal(vm.paused, false);
    await rest.during(async () => {
      containers.paused = true;
    });
    await rest.settled();
    assert.equal(vm.paused, true);
    await rest.during(async () => {
      containers.paused = false;
    });
    await rest.settled();
    assert.deepEqual(vm.log, ["a false", "pause", "resume"]);
  });

  it("is broken for as long as somebody asks the guest, and only once for many", async () => {
    const { vm, rest, ask } = subject();
    await ask("a");
    const held = deferred<void>();
    const first = rest.during(() => held.promise);
    await Promise.all([ask("b"), ask("c")]);
    assert.equal(vm.paused, false);
    held.resolve();
    await first;
    await rest.settled();
    assert.equal(vm.paused, true);
    assert.deepEqual(vm.log, ["a false", "pause", "resume", "b false", "c false", "pause"]);
  });

  it("comes again after work that failed", async () => {
    const { vm, rest } = subject();
    await assert.rejects(
      rest.during(() => Promise.reject(unavailable("no"))),
      { message: "no" },
    );
    await rest.settled();
    assert.equal(vm.paused, true);
  });

  it("tells a pause that fails, and refuses work where the VM can't be woken, then and no longer", async () => {
    const { vm, rest, ask } = subject();
    vm.fault = unavailable("stuck");
    await ask("a");
    await rest.settled();
    assert.deepEqual(vm.log, ["a false", "pause", "the vm of paused containers goes on running"]);
    vm.paused = true;
    await assert.rejects(ask("b"), { message: "stuck" });
    vm.fault = undefined;
    await ask("c");
    assert.ok(vm.log.includes("c false"));
  });
});
