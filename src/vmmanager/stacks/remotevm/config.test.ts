import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CreateVMRequest } from "../../../generated/vmservice.ts";
import { createRequest } from "./config.ts";

const document = {
  ...{ id: "pod1", processors: 2, memoryMiB: 512, kernelArguments: ["loglevel=7"] },
  ...{ kernel: "/i/vmlinuz", initrd: "/i/initrd.cpio", root: "/i/root.erofs" },
  ...{ anchor: "/s/anchor", shares: "/s/shared", console: "/s/console", vsock: "/s/vsock" },
};

/** As it goes over the wire, without what is zero there. */
function sent(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sent);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(
    ([, each]) => each && each !== 0n && !(Array.isArray(each) && each.length === 0),
  );
  return Object.fromEntries(entries.map(([key, each]) => [key, sent(each)]));
}

describe("the VMConfig of a UVM", () => {
  it("has what its service heeds, and nothing that it would pass over", () => {
    const request = CreateVMRequest.decode(CreateVMRequest.encode(createRequest(document)));
    const { pcie, ...config } = request.config ?? {};
    assert.equal(request.logId, "pod1");
    assert.deepEqual(sent(config), {
      memoryConfig: { memoryMb: 512n },
      processorConfig: { processorCount: 2 },
      directBoot: {
        kernelPath: "/i/vmlinuz",
        initrdPath: "/i/initrd.cpio",
        kernelCmdline:
          "console=ttyS0 quiet panic=-1 reboot=t memhp_default_state=online_movable uvm.vsock=ports loglevel=7",
      },
      serialConfig: { ports: [{ socketPath: "/s/console", connect: true }] },
      devicesConfig: {
        scsiDisks: [{ lun: 63, hostPath: "/s/anchor", readOnly: true }],
        virtiofsConfig: [{ tag: "uvm", rootPath: "/s/shared" }],
      },
      guestPowerActions: { shutdown: 2, reset: 2, crash: 2, watchdog: 2 },
    });
    const [complex, ...others] = pcie?.rootComplexes ?? [];
    assert.equal(others.length, 0);
    assert.deepEqual(sent(complex?.rootPorts.slice(0, 3)), [
      {
        name: "port1",
        attached: { device: { virtio: { blk: { backend: { file: { path: "/i/root.erofs" } }, readOnly: true } } } },
      },
      { name: "port2", attached: { device: { virtio: { vsock: { socketPath: "/s/vsock" } } } } },
      { name: "port8", hotplug: true },
    ]);
  });
});
