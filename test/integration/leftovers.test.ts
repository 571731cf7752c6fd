import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "../harness/until.ts";
import { useMachine } from "../harness/use-machine.ts";

describe("the leak checker", () => {
  const machine = useMachine();

  it("names everything that a running container holds", async () => {
    const { ctr } = machine();
    const before = machine().traces.inventory();
    const held = machine().id("held");
    await ctr.runDetached(held, ["sleep", "1000"]);
    // Start answers when runc has let the init go on to exec, which may still be ahead.
    await until("the init is the command", () =>
      machine()
        .traces.processes()
        .some(({ title }) => title === "sleep 1000"),
    );
    const found = await machine()
      .traces.assertNoLeaks(before, 0)
      .then(
        () => "nothing",
        (error: Error) => error.message,
      );
    const bundle = machine().bundle(held);
    for (const line of [
      new RegExp(`process \\d+: .*containerd-shim-.* -id ${held}`),
      /process \d+: sleep 1000/,
      /socket \/run\/containerd\/s\/[0-9a-f]{64}/,
      new RegExp(`mount ${bundle}/rootfs`),
      new RegExp(`cgroup /sys/fs/cgroup/.*/${held}`),
      new RegExp(`file ${bundle}`),
      /descriptors containerd socket: \d+ before, \d+ now/,
    ]) {
      assert.match(found, line);
    }
    await ctr.remove(held);
    await machine().traces.assertNoLeaks(before);
  });
});
