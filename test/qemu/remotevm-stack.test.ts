/**
 * The stack `remotevm` with a real VM: by our own service over QEMU (`uvm-vmservice`), or by the OpenVMM that UVM_OPENVMM
 * names, which boots the kernel of UVM_OPENVMM_KERNEL (an uncompressed one); the latter was never run.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe } from "node:test";
import { createRemoteStack } from "../../src/vmmanager/stacks/remotevm/stack.ts";
import { stackSuite } from "../compliance/stack-suite.ts";
import { notBootable } from "./uvm.ts";

const { UVM_OPENVMM: openvmm, UVM_OPENVMM_KERNEL: kernel = resolve("out/uvm/vmlinuz") } = process.env;

describe("the stack remotevm", { skip: notBootable() ?? false, timeout: 1_800_000 }, () => {
  stackSuite("remotevm", "remotevm", () => {
    const stateDirectory = mkdtempSync(join(tmpdir(), "uvm-remotevm-"));
    return {
      stack: createRemoteStack({
        service: { binary: openvmm ?? resolve("out/uvm-vmservice") },
        kernel: openvmm === undefined ? resolve("out/uvm/vmlinuz") : kernel,
        initrd: resolve("out/uvm/initrd.cpio"),
        root: resolve("out/uvm/root.erofs"),
      }),
      options: { id: "v1", stateDirectory },
      cleanup: () => rmSync(stateDirectory, { recursive: true }),
    };
  });
});
