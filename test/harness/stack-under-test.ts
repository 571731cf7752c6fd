/** All that the integration tests know of the stack that they run on (`UVM_STACK=local|qemu|remotevm`): what differs, in one place. */
export interface StackUnderTest {
  readonly name: "local" | "qemu" | "remotevm";
  /**
   * Containers run in a VM: a pid that the API tells is the VM's own process, their processes and cgroups are the guest's,
   * and killing the shim's daemon or the VM ends them.
   */
  readonly isVm: boolean;
  /** How often what takes a pod each time is repeated: a boot under emulation takes seconds. */
  readonly rounds: {
    readonly lifecycles: number;
    readonly lifecyclesAtOnce: number;
    readonly members: number;
    readonly events: number;
  };
  /** The short form of `make soak`: lifecycles in one pod, containers at once in one, pods across a restart of containerd; 0: not here. */
  readonly soak: { readonly members: number; readonly crowd: number; readonly restarts: number };
}

const stacks: Record<StackUnderTest["name"], StackUnderTest> = {
  local: {
    ...{ name: "local", isVm: false },
    rounds: { lifecycles: 200, lifecyclesAtOnce: 4, members: 20, events: 10 },
    soak: { members: 60, crowd: 20, restarts: 8 },
  },
  qemu: {
    ...{ name: "qemu", isVm: true },
    rounds: { lifecycles: 4, lifecyclesAtOnce: 2, members: 4, events: 2 },
    soak: { members: 0, crowd: 3, restarts: 2 },
  },
  // As qemu: VMs of our own service are its.
  remotevm: {
    ...{ name: "remotevm", isVm: true },
    rounds: { lifecycles: 4, lifecyclesAtOnce: 2, members: 4, events: 2 },
    soak: { members: 0, crowd: 3, restarts: 2 },
  },
};

export function stackUnderTest(name: string): StackUnderTest {
  if (name === "local" || name === "qemu" || name === "remotevm") return stacks[name];
  throw new Error(`UVM_STACK is ${name}: use one of ${Object.keys(stacks).join(", ")}`);
}
