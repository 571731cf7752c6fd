import { chooseAccelerator } from "../../../src/vmmanager/stacks/qemu/accelerator.ts";
import { type Check, failure, ok, warning } from "./check.ts";

export const hypervisor: Check = {
  name: "hypervisor",
  async run({ host, settings: { stack, qemu } }) {
    if (stack !== "qemu") return [];
    const kvm = {
      deviceUsable: () => host.usable("/dev/kvm", "rw"),
      cpuInfo: () => host.read("/proc/cpuinfo") ?? "",
    };
    const mend =
      "turn virtualization on in the firmware, or for this VM on its host, and modprobe kvm_intel or kvm_amd";
    try {
      const { accelerator, fallback } = chooseAccelerator(qemu.accel, kvm);
      if (fallback === undefined) return [ok(accelerator === "kvm" ? "KVM" : "software emulation, as qemu.accel says")];
      return [warning(`software emulation, slower and as isolated: ${fallback}`, mend)];
    } catch {
      return [failure("qemu.accel is kvm, and KVM can't be had here", `${mend}; or set qemu.accel = "auto"`)];
    }
  },
};
