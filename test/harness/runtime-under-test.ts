import { fileURLToPath } from "node:url";

/**
 * The runtime that the integration tests run on. `UVM_TEST_RUNTIME=io.containerd.runc.v2` runs the same tests on
 * containerd's own shim, which shows that they ask for containerd's behaviour and not for ours.
 */
export interface RuntimeUnderTest {
  readonly name: string;
  /** The shim's executable, as found on containerd's PATH. */
  readonly binary: string;
  /** True for containerd's own shim: a test may excuse its known faults, never ours. */
  readonly isPeer: boolean;
  /** The runtime's TOML, written to a file that `ctr run --runtime-config-path` names; undefined where it takes none. */
  readonly configuration: string | undefined;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where `make build` puts the shim. */
export const shimDirectory = `${root}out`;

export function runtimeUnderTest(name = process.env.UVM_TEST_RUNTIME ?? "io.containerd.uvm.v1"): RuntimeUnderTest {
  const [kind, version] = name.split(".").slice(-2);
  const ours = kind === "uvm";
  return {
    name,
    binary: `containerd-shim-${kind}-${version}`,
    isPeer: !ours,
    configuration: ours ? 'stack = "local"\n' : undefined,
  };
}
