import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { failedPrecondition } from "../../../errors/shim-error.ts";

export type Accelerator = "kvm" | "tcg";

/** What this host says about KVM; a test says something else. */
export interface KvmHost {
  /** May /dev/kvm be read and written? */
  deviceUsable(): boolean;
  cpuInfo(): string;
}

const thisHost: KvmHost = {
  deviceUsable() {
    try {
      accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
      return true;
    } catch {
      return false;
    }
  },
  cpuInfo: () => readFileSync("/proc/cpuinfo", "latin1"),
};

/**
 * `auto`: hardware where it works, else emulation, and why. That /dev/kvm can be opened proves nothing: a nested host
 * may offer one that runs no guest (reference: qemu, 0). Throws failed-precondition where "kvm" is wanted and can't be.
 */
export function chooseAccelerator(
  wanted: "auto" | Accelerator,
  host: KvmHost = thisHost,
): { readonly accelerator: Accelerator; readonly fallback?: string } {
  if (wanted === "tcg") return { accelerator: "tcg" };
  const obstacle = !host.deviceUsable()
    ? "/dev/kvm is not there or not accessible"
    : !/^flags\s*:.*\b(vmx|svm)\b/m.test(host.cpuInfo())
      ? "this host's processors show neither vmx nor svm"
      : undefined;
  if (obstacle === undefined) return { accelerator: "kvm" };
  if (wanted === "auto") return { accelerator: "tcg", fallback: obstacle };
  throw failedPrecondition(
    `KVM is not usable: ${obstacle}; cannot run VMs with it: set qemu.accel to auto or tcg in the configuration`,
  );
}

/** Group that QEMU needs besides its own to open /dev/kvm; undefined where everybody may. */
export function kvmGroup(): number | undefined {
  const { mode, gid } = statSync("/dev/kvm");
  return (mode & 0o006) === 0o006 ? undefined : gid;
}
