import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CommandOptions, type CommandResult, run, runOk } from "../harness/command.ts";
import { imageName } from "../harness/image.ts";
import type { Machine, MachineOptions } from "../harness/machine.ts";
import { runtimeUnderTest } from "../harness/runtime-under-test.ts";
import type { StackUnderTest } from "../harness/stack-under-test.ts";
import { useMachine } from "../harness/use-machine.ts";

const out = fileURLToPath(new URL("../../out/peers", import.meta.url));

/** The network that the tests make by hand: a bridge without NAT; nerdctl's own, `bridge`, has it. */
export const network = "peers";

/** nerdctl against a machine's containerd; all that it keeps lies below the machine's directory. */
export class Nerdctl {
  readonly machine: Machine;
  readonly #inside: readonly string[];
  readonly #prefix: readonly string[];

  constructor(machine: Machine) {
    this.machine = machine;
    const networks = machine.file("cni");
    // In containerd's namespaces, as on a real host: both look at one /run/containerd/fifo.
    const holder = readFileSync(machine.file("namespaces.pid"), "utf8").trim();
    this.#inside = ["nsenter", "--mount", "--net", "--target", holder];
    this.#prefix = [
      ...this.#inside,
      ...["env", `NERDCTL_TOML=${machine.file("no-nerdctl.toml")}`, join(out, "nerdctl")],
      ...["--address", machine.containerd.address, "--namespace", machine.namespace],
      ...["--data-root", machine.file("nerdctl"), "--cgroup-manager", "cgroupfs"],
      ...["--cni-path", join(out, "cni"), "--cni-netconfpath", networks],
    ];
    mkdirSync(networks);
    writeFileSync(join(networks, "10-peers.conflist"), JSON.stringify(bridge(machine.file("ipam"))));
  }

  /** A command of this host, run where containerd runs. */
  inside(argv: readonly string[]): string[] {
    return [...this.#inside, ...argv];
  }

  argv(...args: readonly string[]): string[] {
    return [...this.#prefix, ...args];
  }

  /**
   * `nerdctl run FLAGS IMAGE ARGS` with the runtime under test. Without a network unless the flags name one: what is
   * tested here is the shim, and only one test needs CNI.
   */
  runArgv(args: readonly string[], flags: readonly string[] = []): string[] {
    const net = flags.some((flag) => flag.startsWith("--net")) ? [] : ["--net=none"];
    return this.argv(
      "run",
      "--runtime",
      this.machine.runtime.name,
      "--pull=never",
      ...net,
      ...flags,
      imageName,
      ...args,
    );
  }

  async call(...args: readonly string[]): Promise<CommandResult> {
    return await run(this.argv(...args));
  }

  async ok(...args: readonly string[]): Promise<string> {
    return (await runOk(this.argv(...args))).stdout;
  }

  /** In the foreground, to its end, and removed. */
  async run(args: readonly string[], flags: readonly string[] = [], options?: CommandOptions): Promise<CommandResult> {
    return await run(this.runArgv(args, ["--rm", ...flags]), options);
  }

  /** In the background, under a name that no other test has; returns the name. */
  async runDetached(name: string, args: readonly string[], flags: readonly string[] = []): Promise<string> {
    const unique = this.machine.id(name);
    const { stdout } = await runOk(this.runArgv(args, ["--detach", "--name", unique, ...flags]));
    this.machine.traces.know(stdout.trim());
    return unique;
  }

  /** One value of `nerdctl inspect`, by a Go template. */
  async inspect(name: string, template: string): Promise<string> {
    return (await this.ok("inspect", "--format", template, name)).trim();
  }

  async status(name: string): Promise<string> {
    return await this.inspect(name, "{{.State.Status}}");
  }
}

function bridge(leases: string): object {
  const ipam = { type: "host-local", dataDir: leases, ranges: [[{ subnet: "10.213.7.0/24" }]] };
  const plugin = { type: "bridge", bridge: "peers0", isGateway: true, ipam };
  return { cniVersion: "1.0.0", name: network, plugins: [plugin] };
}

/** What runs containerd in namespaces of its own. */
const binary = fileURLToPath(new URL("isolated-containerd", import.meta.url));

/** For a machine whose containerd runs in namespaces of its own and whose runtime is ours, on a stack. */
export function nerdctlMachine(stack: StackUnderTest["name"]): MachineOptions {
  return { binary, runtime: runtimeUnderTest(undefined, stack) };
}

/** A machine as `useMachine` gives one, whose containerd runs in namespaces of its own, with nerdctl as its client. */
export function useNerdctl(): () => Nerdctl {
  const machine = useMachine({ binary });
  let nerdctl: Nerdctl | undefined;
  return () => {
    nerdctl ??= new Nerdctl(machine());
    return nerdctl;
  };
}
