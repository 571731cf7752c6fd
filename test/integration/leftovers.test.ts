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
    const { isVm } = machine().runtime.stack;
    const runs = (title: string): boolean =>
      machine()
        .traces.processes()
        .some((own) => own.title.includes(title));
    await until("the init is the command", () => runs(isVm ? "qemu-system" : "sleep 1000"));
    const found = await machine()
      .traces.assertNoLeaks(before, 0)
      .then(
        () => "nothing",
        (error: Error) => error.message,
      );
    const bundle = machine().bundle(held);
    const state = `/run/uvm-shim/${machine().namespace}/${held}`;
    const onHost = [
      /process \d+: sleep 1000/,
      new RegExp(`mount ${bundle}/rootfs`),
      new RegExp(`cgroup /sys/fs/cgroup/.*/${held}`),
    ];
    const ofVm = [
      /process \d+: \S*qemu-system-x86_64 /,
      /process \d+: \S*virtiofsd /,
      new RegExp(`mount ${state}/shared/`),
      new RegExp(`file ${state}/vm-processes.json`),
    ];
    for (const line of [
      ...(isVm ? ofVm : onHost),
      new RegExp(`process \\d+: .*containerd-shim-.* -id ${held}`),
      /socket \/run\/containerd\/s\/[0-9a-f]{64}/,
      new RegExp(`file ${bundle}`),
      /descriptors containerd socket: \d+ before, \d+ now/,
    ]) {
      assert.match(found, line);
    }
    await ctr.remove(held);
    await machine().traces.assertNoLeaks(before);
  });
});
