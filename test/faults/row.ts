import type { Machine } from "../harness/machine.ts";
import type { ShimProgram } from "../harness/shim-program.ts";
import type { StackUnderTest } from "../harness/stack-under-test.ts";

/** Those whose faults are played: VMs of stack remotevm are of QEMU, by a service. */
export type StackName = Exclude<StackUnderTest["name"], "remotevm">;

/** A line of figures, for who looks; nothing is compared with it. */
export type Tell = (line: string) => void;

interface Row {
  readonly fault: string;
  readonly stacks: readonly StackName[];
  /** What `run` has to tell, word for word. */
  readonly expected: string | Readonly<Record<StackName, string>>;
  /** The build for tests, whose failpoints reach what no signal can. Default: the one that we ship. */
  readonly failpoints?: true;
}

/** Behind a containerd of its own, as its clients see it. */
interface ContainerdRow extends Row {
  readonly on: "containerd";
  run(machine: Machine): Promise<string>;
}

/** The program alone, with the caller's side played by the test. */
interface ProgramRow extends Row {
  readonly on: "program";
  run(shim: ShimProgram, tell: Tell): Promise<string>;
}

/**
 * One fault: what is done, and what must be seen then. `run` does not judge: it tells what it saw, in words that are made
 * of it. It leaves nothing behind; whoever runs it looks for that.
 */
export type FaultRow = ContainerdRow | ProgramRow;

export function onContainerd(row: Omit<ContainerdRow, "on">): FaultRow {
  return { on: "containerd", ...row };
}

export function onProgram(row: Omit<ProgramRow, "on">): FaultRow {
  return { on: "program", ...row };
}

export function expectedOn(row: FaultRow, stack: StackName): string {
  return typeof row.expected === "string" ? row.expected : row.expected[stack];
}
