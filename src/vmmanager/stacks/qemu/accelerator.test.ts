import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chooseAccelerator } from "./accelerator.ts";

const host = (device: boolean, flags: string) => ({
  deviceUsable: () => device,
  cpuInfo: () => `processor\t: 0\nflags\t\t: fpu ${flags} sse\nbogomips\t: 1\n`,
});

describe("the accelerator", () => {
  it("is KVM where device and processor both say so", () => {
    for (const flags of ["vmx", "svm"]) {
      assert.deepEqual(chooseAccelerator("auto", host(true, flags)), { accelerator: "kvm" });
      assert.deepEqual(chooseAccelerator("kvm", host(true, flags)), { accelerator: "kvm" });
    }
  });
  it("is emulation elsewhere, with the reason, even where the device can be opened", () => {
    const { accelerator, fallback } = chooseAccelerator("auto", host(true, "xvmx svmlock"));
    assert.equal(accelerator, "tcg");
    assert.match(fallback ?? "", /neither vmx nor svm/);
    assert.match(chooseAccelerator("auto", host(false, "vmx")).fallback ?? "", /\/dev\/kvm/);
  });
  it("is what was asked for, or an error", () => {
    assert.deepEqual(chooseAccelerator("tcg", host(true, "vmx")), { accelerator: "tcg" });
    const message = /^KVM is not usable: .*; cannot run VMs with it: set qemu.accel to auto or tcg in/;
    assert.throws(() => chooseAccelerator("kvm", host(false, "vmx")), { kind: "failed-precondition", message });
  });
});
