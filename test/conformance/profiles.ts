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
  sandbox: "the shim does not serve containerd.runtime.sandbox.v1 yet",
  transfer: "the shim does not serve containerd.services.transfer.v1 and streaming.v1 yet",
  uds: "the shim does not forward sockets by mounts of type uds yet",
};

const offline = { DNSResolve: "needs the internet: resolves example.com" };

export const profiles: readonly Profile[] = [
  {
    stack: "local",
    configuration: 'stack = "local"\n',
    formatMounts: false,
    skippedSuites: notServed,
    skippedTests: offline,
    passes: 32,
  },
  {
    stack: "local",
    configuration: 'stack = "local"\n',
    formatMounts: true,
    skippedSuites: notServed,
    skippedTests: offline,
    passes: 33,
  },
];
