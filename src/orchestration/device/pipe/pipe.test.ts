import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DeviceStandIn } from "../../../../test/compliance/device-stand-in.ts";
import { PipeController } from "./controller.ts";
import { containerPipeMapping, isPipe } from "./pipe-path.ts";

const IPC = "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\IPC$\\";
const host = "\\\\.\\pipe\\hostPipe";
const destination = "\\\\.\\pipe\\containerPipe";

it("a pipe is told from other paths", () => {
  for (const path of [host, `uvm://${host}`]) assert.ok(isPipe(path), path);
  for (const path of ["C:\\pipe\\x", "\\\\.\\pip\\x", "uvm://C:\\x", "sandbox://\\\\.\\pipe\\x", "/dev/log", ""]) {
    assert.ok(!isPipe(path), path);
  }
});

describe("a container's pipe", () => {
  const cases: readonly [string, string, string, string | undefined, unknown][] = [
    ["of the host, on the host", host, destination, undefined, { source: host, isUvmPipe: false }],
    ["of the host, in a VM", host, destination, "pod@vm", { source: `${IPC}hostPipe`, isUvmPipe: false }],
    [
      ...(["of its VM", "uvm://\\\\.\\pipe\\uvmPipe", destination, "pod-id@vm"] as const),
      { source: "\\\\.\\pipe\\pod-id\\uvmPipe", isUvmPipe: true },
    ],
    ["of a VM, where there is none", "uvm://\\\\.\\pipe\\uvmPipe", destination, undefined, undefined],
    ["that is a directory of the VM", "uvm://C:\\in\\uvm", destination, "pod@vm", undefined],
    ["that is a directory of the host", "C:\\dir", destination, "pod@vm", undefined],
    ["at a path that is none", host, "C:\\in\\container", "pod@vm", undefined],
  ];
  for (const [name, source, at, vmId, expected] of cases) {
    it(`${name}`, () => {
      const mapping = containerPipeMapping({ source, destination: at }, vmId);
      assert.deepEqual(mapping, expected && { ...(expected as object), containerPath: "containerPipe" });
    });
  }
});

describe("the pipes of a VM", () => {
  const limits = { host: 50, guest: 50 };

  it("are one for all who name it, in whatever case, and where the guest has it", async () => {
    const vm = new DeviceStandIn();
    const pipes = new PipeController({ uvm: vm, limits });
    const all = [
      pipes.reserve({ hostPath: host }),
      pipes.reserve({ hostPath: host.toUpperCase().replace("PIPE", "pipe") }),
    ];
    for (const mapping of all) await mapping.map();
    assert.deepEqual([...vm.pipes.values()], [host]);
    assert.equal(all[0]?.guestPath, `${IPC}hostPipe`);
    await all[0]?.unmap();
    assert.equal(vm.pipes.size, 1);
    await all[1]?.unmap();
    assert.deepEqual([vm.left(), pipes.held], [[], 0]);
  });

  it("are nothing but pipes of the host", () => {
    const pipes = new PipeController({ uvm: new DeviceStandIn(), limits });
    for (const hostPath of ["C:\\x", `uvm://${host}`, "\\\\.\\pipe\\", ""]) {
      assert.throws(() => pipes.reserve({ hostPath }), { kind: "invalid-argument", message: /is not a named pipe/ });
    }
  });
});
