import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { start } from "./command.ts";
import { Traces } from "./traces.ts";
import { until } from "./until.ts";

describe("the account of a test", () => {
  const traces = new Traces(() => undefined);
  after(async () => await traces.sweep());

  it("finds a pod's daemon by its name and id, also behind a process that has a lower pid", async () => {
    const id = traces.id("pod");
    const titled = (title: string) => start(["sh", "-c", "sleep 1000; :", title, "-id", id, "x"], { env: traces.env });
    // A container's process, which names the container too: older, as after pids have begun anew at pid_max.
    titled("something-else");
    await until("the first runs", () => traces.processes().length > 0);
    assert.throws(() => traces.daemonOf(id, "containerd-shim-uvm-v1"), new RegExp(`no daemon of ${id} runs`));
    const daemon = titled("containerd-shim-uvm-v1");
    const found = await until("the daemon runs", () => {
      const own = traces.processes().filter(({ title }) => title.startsWith("sh "));
      return own.length > 1 ? traces.daemonOf(id, "containerd-shim-uvm-v1") : undefined;
    });
    assert.equal(found.pid, daemon.pid);
  });
});
