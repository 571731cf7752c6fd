import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ShimError } from "../../errors/shim-error.ts";
import { deferred } from "../deadline.ts";
import { ContainerKill } from "./kill.ts";

const SIGKILL = 9;
const SIGTERM = 15;

/** A container and its VM, of which each can be told to be silent. */
class Subject {
  readonly log: string[] = [];
  readonly killed = deferred<void>();
  alive = deferred<string>();
  paused = false;
  guest: { dumpStacks(): Promise<string> } | undefined = { dumpStacks: () => this.alive.promise };

  run(signal: number): Promise<void> {
    const { log, killed } = this;
    const subject = this;
    const vm = {
      get paused() {
        return subject.paused;
      },
      get guest() {
        return subject.guest;
      },
      terminate: async () => void log.push("terminate"),
    };
    const awake = <T>(work: () => Promise<T>): Promise<T> => work();
    const warn = (message: string): void => void log.push(message);
    const container = {
      ...{ id: "c1", state: "running" as const },
      kill: () => killed.promise,
      wait: () => new Promise<never>(() => {}),
    };
    return new ContainerKill({ vm, awake, warn }, { kill: 20, settle: 20 }).kill(container, "", signal, false);
  }
}

const terminated = ["container c1: its guest does not answer, so its vm is terminated", "terminate"];

describe("a kill", () => {
  it("of a guest that is wedged ends its VM, long before a request's own time is over", async () => {
    const s = new Subject();
    await s.run(SIGKILL);
    assert.deepEqual(s.log, terminated);
  });

  it("of a guest that is slow but alive is waited for", async () => {
    const s = new Subject();
    const kill = s.run(SIGKILL);
    s.alive.resolve("its stacks");
    await new Promise((resolve) => setTimeout(resolve, 60));
    s.killed.resolve();
    await kill;
    assert.deepEqual(s.log, []);
  });

  it("that a living guest does not do in a request's time ends its VM all the same", async () => {
    const s = new Subject();
    const kill = s.run(SIGKILL);
    s.alive.resolve("its stacks");
    s.killed.reject(new ShimError("deadline-exceeded", "signal 9 did not finish in 10 s"));
    await kill;
    assert.deepEqual(s.log, terminated);
  });

  it("of a guest that tells no stacks is waited for, too: as long as the request's own time", async () => {
    const s = new Subject();
    const kill = s.run(SIGKILL);
    s.alive.reject(new ShimError("unimplemented", "this guest tells no stacks"));
    await new Promise((resolve) => setTimeout(resolve, 60));
    s.killed.reject(new ShimError("deadline-exceeded", "signal 9 did not finish in 10 s"));
    await kill;
    assert.deepEqual(s.log, terminated);
  });

  it("ends a VM that stands still and cannot be woken", async () => {
    const s = new Subject();
    s.guest = undefined;
    s.paused = true;
    await s.run(SIGKILL);
    assert.deepEqual(s.log, terminated);
  });

  it("that the guest refuses leaves the VM alone, as does any other signal", async () => {
    const refused = new Subject();
    refused.killed.reject(new ShimError("not-found", "process already finished"));
    await assert.rejects(refused.run(SIGKILL), { kind: "not-found" });
    const other = new Subject();
    other.killed.reject(new ShimError("deadline-exceeded", "signal 15 did not finish in 10 s"));
    await assert.rejects(other.run(SIGTERM), { kind: "deadline-exceeded" });
    assert.deepEqual([...refused.log, ...other.log], []);
  });
});
