import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Activity, IdleWatch } from "./idle-watch.ts";

const idle: Activity = { connections: 0, busy: false, bundleExists: true };

function looks(...activities: Activity[]): boolean[] {
  const watch = new IdleWatch();
  return activities.map((activity) => watch.isOrphan(activity));
}

describe("IdleWatch", () => {
  it("takes a daemon for an orphan that was idle at two looks in a row", () => {
    assert.deepEqual(looks(idle, idle), [false, true]);
  });

  it("starts over whenever somebody is connected or something is held", () => {
    assert.deepEqual(looks(idle, { ...idle, connections: 1 }, idle, idle), [false, false, false, true]);
    assert.deepEqual(looks(idle, { ...idle, busy: true }, idle, idle), [false, false, false, true]);
  });

  it("never gives up containers, also without a bundle: members of a pod outlive its first one's", () => {
    const held = { connections: 0, busy: true, bundleExists: false };
    assert.deepEqual(looks(held, held, held), [false, false, false]);
  });

  it("does not wait for a second look when the bundle is gone", () => {
    assert.deepEqual(looks({ ...idle, bundleExists: false }), [true]);
  });
});
