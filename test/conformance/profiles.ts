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
}

const notServed: Profile["skippedSuites"] = {
  transfer: "the shim does not serve containerd.services.transfer.v1 and streaming.v1 yet",
  uds: "the shim does not forward sockets by mounts of type uds yet",
};

const offline = { DNSResolve: "needs the internet: resolves example.com" };

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
  },
  {
    stack: "local",
    configuration: 'stack = "local"\n',
    formatMounts: true,
    skippedSuites: { ...notServed, sandbox: "the same as above: its members have image files in any case" },
    skippedTests: offline,
    passes: 33,
  },
];
