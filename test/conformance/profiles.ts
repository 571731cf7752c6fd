/** What of containerd/shimtest runs against which virtualization stack; what is left out, and why. */

/** `pinned`: by test/peers/go.mod, v0.3.0; `given`: built by hand, SHIMTEST names its directory (f2937b6, after v0.3.3). */
export type Release = "pinned" | "given";

export const releases: Readonly<Record<Release, string>> = { pinned: "v0.3.0", given: "of SHIMTEST" };

/** A suite of shimtest's that its configuration can leave out. */
export type Feature = "exec" | "layers" | "net" | "oom" | "sandbox" | "transfer" | "uds";

type Suites = Readonly<Partial<Record<Feature, string>>>;
/** A test below TestShim/<name>/ and why it is left out. */
type Tests = Readonly<Record<string, string>>;

/** A part of the suites, for where the whole takes too long, and how many of its tests pass at the least. */
interface Part {
  readonly tests: readonly string[];
  readonly passes: Readonly<Record<Release, number>>;
}

export interface Profile {
  readonly stack: string;
  /** The shim's config.toml, less the directories that the run gives it. */
  readonly configuration: string;
  /** Where the root file system goes to the shim as image files and a mount template, instead of a directory. */
  readonly formatMounts: boolean;
  readonly skippedSuites: Suites;
  readonly skippedTests: Tests;
  /** Those of `skippedTests` that v0.3.0 does not have. */
  readonly skippedTestsGiven: Tests;
  /** How many tests pass at the least: a suite that quietly runs less is a failure. */
  readonly passes: Readonly<Record<Release, number>>;
  /** What runs with --short; undefined: all. */
  readonly short?: Part;
  /** How long the suites may take, all together. */
  readonly minutes: number;
  /** Seconds of each stress run; 0: none. The benchmarks are measured where it is stressed with --short. */
  readonly stress: { readonly short: number; readonly full: number };
}

/** What of a profile does not run with a release, and why. */
export function gaps(profile: Profile, release: Release): { readonly suites: Suites; readonly tests: Tests } {
  const { skippedSuites: suites, skippedTests: tests } = profile;
  if (release === "given") return { suites, tests: { ...tests, ...profile.skippedTestsGiven } };
  return { suites: { ...suites, net: notPinned, sandbox: notPinned }, tests };
}

const notPinned = "v0.3.0 runs none; a newer shimtest, which SHIMTEST names, does (README.md)";
const internet = "needs the internet: resolves example.com";
const onceOnly = "the same as with the other root file system: its members have image files in any case";

const slow: Tests = {
  ExecOutputDrainAfterExit:
    "wants 8 MiB out of the VM within 2 s of the process's start; without KVM that is so on an idle host alone",
};
/**
 * A VM's container without a network namespace has the guest's own, with no adapter, and shimtest takes it for this
 * host's. To carry its loopback connections out would give every such container the services that this host keeps for
 * itself: a VM is there to keep them apart. A container in a network namespace has that network, by its tap.
 */
const notInVm: Tests = {
  OutboundTCP: "dials 127.0.0.1 of this host, whose own services a VM is to be kept from",
  OutboundUDP: "sends to 127.0.0.1 of this host, whose own services a VM is to be kept from",
  InboundTCPListen: "dials 127.0.0.1 of this host for a listener in the VM, which has a loopback interface of its own",
};

/**
 * Both ends of shimtest's link are in the sandbox's namespace, and it talks to the container by the very address that the
 * link has there. A VM takes that link over, address and all, as CNI means it to: frames that leave by it come out of the
 * VM, and this host's own stack in the namespace is deaf. Traffic both ways with a peer beyond the link, IPv4 and IPv6, is
 * tested with containerd's CRI (test/peers/cri.test.ts).
 */
const takenOver: Tests = {
  ContainerTrafficScopedToNetworkSandbox: "listens in the namespace on the pod's own address, which is the VM's there",
  InboundToNetnsScopedListener: "dials the pod's own address from inside its namespace, where it is the VM's",
};

export const profiles: readonly Profile[] = [
  {
    stack: "local",
    configuration: 'stack = "local"\n',
    formatMounts: false,
    skippedSuites: {},
    skippedTests: {},
    skippedTestsGiven: { DNSResolve: internet, ContainerOutboundTCP: internet },
    passes: { pinned: 32, given: 66 },
    minutes: 4,
    stress: { short: 6, full: 60 },
  },
  {
    stack: "local",
    configuration: 'stack = "local"\n',
    formatMounts: true,
    skippedSuites: { sandbox: onceOnly },
    skippedTests: {},
    skippedTestsGiven: { DNSResolve: internet },
    passes: { pinned: 33, given: 38 },
    minutes: 4,
    stress: { short: 0, full: 0 }, // Another root file system is no other load.
  },
  {
    stack: "qemu",
    configuration: 'stack = "qemu"\n',
    formatMounts: false,
    skippedSuites: { sandbox: onceOnly },
    skippedTests: slow,
    skippedTestsGiven: { DNSResolve: internet, ...notInVm },
    passes: { pinned: 31, given: 33 },
    short: {
      tests: ["Lifecycle", "OutputThenExit", "StdioRoundTrip", "BindMountRead", "FastExitOutput", "ExecDiscardIO"],
      passes: { pinned: 6, given: 6 },
    },
    minutes: 20,
    stress: { short: 0, full: 0 }, // A boot without KVM takes seconds; test/qemu and test/integration repeat lifecycles.
  },
  {
    stack: "qemu",
    configuration: 'stack = "qemu"\n',
    formatMounts: true,
    skippedSuites: {},
    skippedTests: slow,
    skippedTestsGiven: { DNSResolve: internet, ...notInVm, ...takenOver, ContainerOutboundTCP: internet },
    passes: { pinned: 32, given: 61 },
    // With the other root's: what v0.3.0 tests once, but InitExitCodes, which boots six VMs.
    short: {
      tests: [
        ...["Lifecycle", "Events", "FastExitInit", "Exec", "LargeStdioRoundTrip", "Clock", "ExitCodes"],
        ...["LargeFileRead", "ExecCommandNotFound", "TransferCopyToAndFrom", "UDSRoundTrip", "OOM", "HundredLayers"],
      ],
      passes: { pinned: 18, given: 18 },
    },
    minutes: 40,
    stress: { short: 0, full: 0 },
  },
];
