import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind, unavailable } from "../errors/shim-error.ts";
import { containerNotification } from "../prot/messages/notification.ts";
import { ExitWatch } from "./exit-watch.ts";

const exitOf = (containerId: string) => ({ ...containerNotification.zero, containerId, type: "ForcedExit" as const });
const isViolation = (error: unknown) => isKind(error, "data-loss");

describe("exit watch", () => {
  it("tells one exit to the container's watcher; a second one is a violation", async () => {
    const watch = new ExitWatch();
    const exited = watch.watch("c");
    watch.notified(exitOf("c"));
    await exited;
    assert.throws(() => watch.notified(exitOf("c")), isViolation);
  });

  it("takes an exit of an unknown or a failed container for a violation", async () => {
    const watch = new ExitWatch();
    assert.throws(() => watch.notified(exitOf("c")), isViolation);
    const failed = watch.watch("c");
    watch.forget("c", unavailable("not created"));
    await assert.rejects(failed, /not created/);
    assert.throws(() => watch.notified(exitOf("c")), isViolation);
  });

  it("overlooks one late exit of a deleted container, but not in the place of its successor's", async () => {
    const watch = new ExitWatch();
    const deleted = watch.watch("c");
    watch.deleted("c");
    await assert.rejects(deleted, (error) => isKind(error, "not-found"));
    watch.notified(exitOf("c"));
    assert.throws(() => watch.notified(exitOf("c")), isViolation);

    const second = watch.watch("c");
    watch.deleted("c");
    await assert.rejects(second);
    const third = watch.watch("c");
    watch.notified(exitOf("c"));
    await third;
  });

  it("owes nothing to a container that was told of before its deletion", () => {
    const watch = new ExitWatch();
    void watch.watch("c");
    watch.notified(exitOf("c"));
    watch.deleted("c");
    assert.throws(() => watch.notified(exitOf("c")), isViolation);
  });

  it("takes OutOfMemory for no exit; what came before there was a listener is told to it", async () => {
    const watch = new ExitWatch();
    const outOfMemory = { ...exitOf("c"), type: "OutOfMemory" as const };
    assert.throws(() => watch.notified(outOfMemory), isViolation);
    const exited = watch.watch("c");
    watch.notified(outOfMemory);
    let told = 0;
    watch.onOutOfMemory("c", () => {
      told += 1;
    });
    assert.equal(told, 1);
    watch.notified(outOfMemory);
    assert.equal(told, 2);
    watch.notified(exitOf("c"));
    await exited;
    assert.throws(() => watch.notified(outOfMemory), isViolation);
  });

  it("fails all watchers when the bridge ends", async () => {
    const watch = new ExitWatch();
    const exits = [watch.watch("c"), watch.watch("d")];
    watch.lost(unavailable("the bridge ended"));
    for (const exit of exits) await assert.rejects(exit, /the bridge ended/);
  });
});
