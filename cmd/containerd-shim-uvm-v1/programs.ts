type Program = (args: readonly string[]) => Promise<number>;

/**
 * Further programs in the shim's executable, each chosen by the executable's first argument: that is what their launchers
 * give (scripts/build). Nothing of them is loaded before they are asked for. containerd's first argument is a flag.
 */
export const programs = new Map<string, () => Promise<Program>>([
  ["spare", async () => (await import("#os/cmd/containerd-shim-uvm-v1/spare.ts")).spare],
  ["uvmctl", async () => (await import("../uvmctl/program.ts")).uvmctl],
  ["uvm-vmservice", async () => (await import("../uvm-vmservice/program.ts")).uvmVmservice],
]);
