/** What of containerd/shimtest runs against which virtualization stack; what is left out, and why. */

/** A suite of shimtest's that its configuration can leave out. */
export type Feature = "exec" | "layers" | "net" | "oom" | "sandbox" | "transfer" | "uds";

export interface Profile {
  readonly stack: string;
  /** The shim's config.toml, less the directories that the run gives it. */
  readonly configuration: string;
  /** Where the root file system goes to the shim as image files and a mount template, instead of a directory. */
  readonly formatMounts: boolean;
  /** A suite and why it is left out. */
  readonly skippedSuites: Readonly<Partial<Record<Feature, string>>>;
  /** A test below TestShim/<name>/ and why it is left out. */
  readonly skippedTests: Readonly<Record<string, string>>;
  /** How many tests pass at the least: a suite that quietly runs less is a failure. */
  readonly passes: number;
  /** How long the suites may take, all together. */
  readonly minutes: number;
  /** Also stressed and measured, unless --short is given. */
  readonly stressed: boolean;
}

const notServed: Profile["skippedSuites"] = {
  transfer: "the shim does not serve containerd.services.transfer.v1 and streaming.v1 yet",
  uds: "the shim does not forward sockets by mounts of type uds yet",
};

const offline = { DNSResolve: "needs the internet: resolves example.com" };

const onceOnly = "the same as with the other root file system: its members have image files in any case";

/** A VM's container without a network namespace has the guest's, with no adapter: shimtest takes it for this host's. */
const notInVm = {
  OutboundTCP: "dials 127.0.0.1 of this host; a VM has a loopback interface of its own",
  OutboundUDP: "sends to 127.0.0.1 of this host; a VM has a loopback interface of its own",
  InboundTCPListen: "dials 127.0.0.1 of this host for a listener in the VM, which has a loopback interface of its own",
  ExecOutputDrainAfterExit:
    "wants 8 MiB out of the VM within 2 s of the process's start; a VM without KVM takes 1.9 s and more",
};

/** Of the sandbox suite; its namespaces are named by paths that exist nowhere, for the shim to replace by the pod's own. */
const notShared = "members of a sandbox do not share its namespaces yet";
const sandboxGaps = {
  ContainerOutboundTCP: "needs the internet: resolves example.com",
  "Lifecycle#01": 'shimtest makes an id with "#" of the name, which containerd\'s rule for identifiers refuses',
  CrossContainerViaUDS: "the shim does not forward sockets by mounts of type uds yet",
  ContainerTrafficScopedToNetworkSandbox: "members of a sandbox do not join its netns_path yet",
  InboundToNetnsScopedListener: "members of a sandbox do not join its netns_path yet",
  MemberContainersSharePID: notShared,
  MemberContainersSharePIDKillScopedToOwnContainer: notShared,
  MemberContainersShareIPC: notShared,
  MemberContainersShareDevShm: notShared,
  MemberContainersShareUTS: notShared,
  MemberContainersUTSNotShared: notShared,
};

export const profiles: readonly Profile[] = [
  {
    stack: "local",
    configuration: 'stack = "local"\n',
    formatMounts: false,
    skippedSuites: notServed,
    skippedTests: { ...offline, ...sandboxGaps },
    passes: 51,
    minutes: 4,
    stressed: true,
  },
  {
    stack: "local",
    configuration: 'stack = "local"\n',
    formatMounts: true,
    skippedSuites: { ...notServed, sandbox: onceOnly },
    skippedTests: offline,
    passes: 33,
    minutes: 4,
    stressed: false, // Another root file system is no other load.
  },
  {
    stack: "qemu",
    configuration: 'stack = "qemu"\n',
    formatMounts: false,
    skippedSuites: { ...notServed, sandbox: onceOnly },
    skippedTests: { ...offline, ...notInVm },
    passes: 28,
    minutes: 10,
    stressed: false, // A boot without KVM takes seconds; test/qemu and test/integration repeat lifecycles.
  },
  {
    stack: "qemu",
    configuration: 'stack = "qemu"\n',
    formatMounts: true,
    skippedSuites: notServed,
    skippedTests: { ...offline, ...notInVm, ...sandboxGaps },
    passes: 48,
    minutes: 20,
    stressed: false,
  },
];
