import { fileURLToPath } from "node:url";
import { type StackUnderTest, stackUnderTest } from "./stack-under-test.ts";

/**
 * The runtime that the integration tests run on. `UVM_TEST_RUNTIME=io.containerd.runc.v2` runs the same tests on
 * containerd's own shim, which shows that they ask for containerd's behaviour and not for ours. `UVM_TEST_TEMPLATES=DIRECTORY`
 * lets the VMs of `UVM_STACK=qemu` come from templates that are there, or are made there.
 */
export interface RuntimeUnderTest {
  readonly name: string;
  /** The shim's executable, as found on containerd's PATH. */
  readonly binary: string;
  /** The stack of ours: what it changes is said in stack-under-test.ts. */
  readonly stack: StackUnderTest;
  /** True for containerd's own shim: a test may excuse its known faults, never ours. */
  readonly isPeer: boolean;
  /** The runtime's TOML, written to a file that `ctr run --runtime-config-path` names; undefined where it takes none. */
  readonly configuration: string | undefined;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where `make build` puts the shim. */
export const shimDirectory = `${root}out`;

/** Where `scripts/build failpoints` puts its build for tests. */
export const failpointsDirectory = `${root}out/faults`;

export function runtimeUnderTest(
  name = process.env.UVM_TEST_RUNTIME ?? "io.containerd.uvm.v1",
  stackName = process.env.UVM_STACK ?? "local",
  templates = process.env.UVM_TEST_TEMPLATES,
): RuntimeUnderTest {
  const [kind, version] = name.split(".").slice(-2);
  const ours = kind === "uvm";
  const stack = stackUnderTest(ours ? stackName : "local");
  return {
    name,
    stack,
    binary: `containerd-shim-${kind}-${version}`,
    isPeer: !ours,
    configuration: ours ? configurationOf(stack.name, templates) : undefined,
  };
}

/** VMs of stack qemu come from templates in that directory (docs/vm-template.md), or are booted. */
function configurationOf(stack: string, templates: string | undefined): string {
  const vms =
    stack !== "qemu" || templates === undefined ? "" : `[qemu]\ntemplate = true\ntemplate_directory = "${templates}"\n`;
  return `stack = "${stack}"\n${vms}`;
}
