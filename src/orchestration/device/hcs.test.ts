import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ALREADY_STOPPED, INVALID_STATE } from "../../../test/compliance/compute-core-stand-in.ts";
import { DeviceStandIn } from "../../../test/compliance/device-stand-in.ts";
import { hcsSetup, lcowOptions, wcowOptions, windowsHost } from "../../../test/compliance/hcs-setup.ts";
import { unavailable } from "../../errors/shim-error.ts";
import { HcsError } from "../../vmmanager/stacks/hcs/computecore/hcs-error.ts";
import type { UtilityVM, UvmOptions } from "../../vmmanager/uvm.ts";
import { vmDevices } from "./devices.ts";
import type { Mapping } from "./mapping.ts";

const limits = { host: 1000, guest: 1000 };
const DEVICES = "VirtualMachine/Devices";

/** Devices of a VM that the stack `hcs` has made, its guest a stand-in that takes all. */
async function bench(options: UvmOptions, build = windowsHost.build) {
  const setup = hcsSetup({ host: () => ({ ...windowsHost, build }) });
  const uvm: UtilityVM = await setup.stack.create(options);
  await uvm.start();
  const guest = new DeviceStandIn();
  const settled = async (): Promise<void> => guest.onCall("addMappedVirtualDisk", "before") as undefined;
  const taking = Object.fromEntries(
    ["addMappedVirtualDisk", "removeMappedVirtualDisk", "removeScsiDevice", "addMappedDirectory", "addVpciDevice"]
      .concat("removeMappedDirectory", "addVpmemDevice", "removeVpmemDevice")
      .map((call) => [call, settled]),
  );
  const host = { vsmb: { isDirectory: (path: string) => !path.includes(".") } };
  return {
    ...{ setup, guest, uvm, ...vmDevices({ uvm, guest: Object.assign(guest, taking) }, limits, undefined, host) },
    changes: () =>
      setup.core.calls.flatMap(({ call, document }) => {
        const { RequestType, ResourcePath } = (document ?? {}) as { RequestType?: string; ResourcePath?: string };
        return call === "modify" ? [`${RequestType} ${ResourcePath?.replace(`${DEVICES}/`, "")}`] : [];
      }),
  };
}

async function mapAll(mappings: readonly Mapping[]): Promise<void> {
  for (const mapping of mappings) await mapping.map();
}

describe("the devices of a VM of HCS", () => {
  it("of Linux are changed by one call each, and given back by another", async () => {
    const vm = await bench(lcowOptions());
    const mappings = [
      vm.scsi.reserve({ hostPath: "C:\\d.vhdx", readOnly: false, fileSystem: "", access: "individual" }),
      vm.plan9.reserve({ hostPath: "C:\\dir", readOnly: true }),
      vm.vpci.reserve({ address: "PCIP\\X", virtualFunction: 1 }),
    ];
    await mapAll(mappings);
    const controller = "df6d0690-79e5-55b6-a5ec-c1e2f77f580a";
    const paths = [`Scsi/${controller}/Attachments/0`, "Plan9/Shares", `VirtualPci/${mappings[2]?.guestPath}`];
    assert.deepEqual(
      vm.changes(),
      paths.map((path) => `Add ${path}`),
    );
    for (const mapping of mappings) await mapping.unmap();
    assert.deepEqual(
      vm.changes().slice(3),
      paths.map((path) => `Remove ${path}`),
    );
    await vm.uvm.close();
  });

  it("of Windows leave its scratch on 0:0, and have shares and pipes", async () => {
    const vm = await bench(wcowOptions());
    const mappings = [
      vm.scsi.reserve({ hostPath: "C:\\d.vhdx", readOnly: false, fileSystem: "" }),
      vm.vsmb.reserve({ hostPath: "C:\\dir\\a.txt", readOnly: true, options: { noDirectMap: true } }),
      vm.pipes.reserve({ hostPath: "\\\\.\\pipe\\p" }),
    ];
    await mapAll(mappings);
    const controller = "df6d0690-79e5-55b6-a5ec-c1e2f77f580a";
    const paths = [`Scsi/${controller}/Attachments/1`, "VirtualSmb/Shares", "MappedPipes/\\\\.\\pipe\\p"];
    assert.deepEqual(
      vm.changes(),
      paths.map((path) => `Add ${path}`),
    );
    assert.equal(mappings[0]?.guestPath, "C:\\mounts\\m0");
    for (const mapping of mappings) await mapping.unmap();
    assert.equal(vm.changes().length, 6);
    await vm.uvm.close();
  });

  it("are assigned with their memory nodes' affinity where that Windows knows it", async () => {
    for (const [build, affinity] of [
      [26100, { PropagateNumaAffinity: true }],
      [20348, {}],
    ] as const) {
      const vm = await bench(lcowOptions(), build);
      await vm.vpci.reserve({ address: "PCIP\\X", virtualFunction: 1 }).map();
      const { document } = vm.setup.core.calls.at(-1) ?? {};
      const functions = [{ DeviceInstancePath: "PCIP\\X", VirtualFunction: 1 }];
      const settings = { Functions: functions, ...affinity };
      assert.deepEqual((document as { Settings?: unknown }).Settings, settings, String(build));
      await vm.uvm.close();
    }
  });

  it("that was closed are gone, without a call", async () => {
    const vm = await bench(lcowOptions());
    const mappings = [vm.scsi.reserve({ hostPath: "C:\\d.vhdx", readOnly: false }), vm.vpci.reserve({ address: "X" })];
    await mapAll(mappings);
    await vm.uvm.close();
    for (const mapping of mappings) await mapping.unmap();
    assert.deepEqual([vm.scsi.held, vm.vpci.held, vm.changes().length], [0, 0, 2]);
  });

  for (const answer of [ALREADY_STOPPED, INVALID_STATE]) {
    it(`that has ended are gone: HCS answers 0x${answer.toString(16)}`, async () => {
      const vm = await bench(lcowOptions());
      const mappings = [
        vm.scsi.reserve({ hostPath: "C:\\d.vhdx", readOnly: false }),
        vm.plan9.reserve({ hostPath: "C:\\dir", readOnly: true }),
        vm.vpci.reserve({ address: "PCIP\\X" }),
      ];
      await mapAll(mappings);
      vm.guest.onCall = () => {
        throw unavailable("the bridge is closed");
      };
      vm.setup.core.faults.modify = () => {
        throw new HcsError("HcsModifyComputeSystem", answer);
      };
      for (const mapping of mappings) await mapping.unmap();
      assert.deepEqual([vm.scsi.held, vm.plan9.held, vm.vpci.held], [0, 0, 0]);
      await assert.rejects(vm.scsi.reserve({ hostPath: "C:\\e.vhdx", readOnly: false }).map(), {
        ...{ kind: "unavailable", message: "vm p1@vm does not run; cannot change it" },
      });
    });
  }
});
