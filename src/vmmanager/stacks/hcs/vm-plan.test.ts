import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hcsSetup, lcowOptions, systemOf, wcowOptions, windowsHost } from "../../../../test/compliance/hcs-setup.ts";
import { silentLogger } from "../../../log/logger.ts";
import type { UvmOptions } from "../../uvm.ts";
import { planVm } from "./vm-plan.ts";

const abilities = { vpmem: false, networkConfigProxy: false, kernelDrivers: false };

function documentOf(options: UvmOptions): unknown {
  let next = 0;
  return planVm(options, windowsHost, abilities, () => `guid-${next++}`, silentLogger).record.document;
}

function at(document: unknown, path: string): unknown {
  return path.split(".").reduce((found, name) => (found as Record<string, unknown> | undefined)?.[name], document);
}

const more = (options: UvmOptions, runhcs: Partial<NonNullable<UvmOptions["runhcs"]>>): UvmOptions => {
  assert.ok(options.runhcs);
  return { ...options, runhcs: { ...options.runhcs, ...runhcs } };
};

describe("the plan of a VM of HCS", () => {
  const added = '{"Owner":"you","VirtualMachine":{"Devices":{"Battery":{}}}}';

  for (const [guest, options] of [
    ["LCOW", lcowOptions()],
    ["WCOW", wcowOptions()],
  ] as const) {
    it(`has what its maker adds to the document, ${guest}`, () => {
      const [plain, document] = [documentOf(options), documentOf(more(options, { additionalDocument: added }))];
      assert.deepEqual([at(document, "Owner"), at(document, "VirtualMachine.Devices.Battery")], ["you", {}]);
      assert.deepEqual(at(document, "VirtualMachine.Chipset"), at(plain, "VirtualMachine.Chipset"));
      assert.deepEqual(at(document, "VirtualMachine.Devices.Scsi"), at(plain, "VirtualMachine.Devices.Scsi"));
    });
  }

  it("is refused with an addition that is no JSON", () => {
    const options = more(lcowOptions(), { additionalDocument: "{" });
    assert.throws(() => documentOf(options), { kind: "invalid-argument", message: /additional document is not JSON/ });
  });

  it("goes to HCS with it, and with what looks into the VM", async () => {
    const setup = hcsSetup();
    const debug = { graphicsConsole: true, execCommandLine: "/bin/sh" };
    const uvm = await setup.stack.create(more(lcowOptions(), { additionalDocument: added, debug }));
    try {
      assert.ok(systemOf(setup));
      const { document } = setup.core.calls.find(({ call }) => call === "create") ?? {};
      assert.deepEqual(at(document, "VirtualMachine.Devices.Battery"), {});
      assert.deepEqual(at(document, "VirtualMachine.Devices.Keyboard"), {});
      assert.match(JSON.stringify(document), /console=tty .*vsockexec -e 109 \/bin\/sh & exec sh/);
    } finally {
      await uvm.close();
    }
  });

  it("has what its guest is to be told of its policy, with the files that are beside those it boots from", async () => {
    const V = "io.microsoft.virtualmachine.";
    const policy = { [`${V}lcow.securitypolicy`]: "eyJ0ZXN0IjoidGVzdCJ9" };
    const boot = ["kernel.vmgs", "rootfs.vhd"].map((file) => `C:\\boot\\${file}`);
    const host = () => ({ ...windowsHost, files: new Set(boot) });
    const { stack } = hcsSetup({ host });
    const told = {
      ...{ enforcer: "rego", policy: "eyJ0ZXN0IjoidGVzdCJ9" },
      ...{ reference: btoa("C:\\boot\\reference_info.cose"), hashEnvelope: "" },
    };
    const confidential = await stack.create(lcowOptions(policy));
    assert.deepEqual(confidential.securityPolicy, told);
    await confidential.close();
    const forTests = await hcsSetup().stack.create(lcowOptions({ ...policy, [`${V}no_security_hardware`]: "true" }));
    assert.deepEqual(forTests.securityPolicy, told);
    await forTests.close();
    const plain = await hcsSetup().stack.create(lcowOptions());
    assert.equal(plain.securityPolicy, undefined);
    await plain.close();
  });

  it("wants the sandbox's spec and options", () => {
    assert.throws(() => documentOf({ id: "p", stateDirectory: "C:\\s" }), { kind: "invalid-argument" });
  });
});
