import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CommandOptions, type CommandResult, run, runOk } from "../harness/command.ts";
import { buildImage, imageName } from "../harness/image.ts";
import { ownCgroups } from "../harness/leftovers.ts";
import type { Machine, MachineOptions } from "../harness/machine.ts";
import { runtimeUnderTest } from "../harness/runtime-under-test.ts";
import type { StackUnderTest } from "../harness/stack-under-test.ts";

const out = fileURLToPath(new URL("../../out/peers", import.meta.url));

/** What the sandbox's own container runs; any that only sleeps does. */
const pauseImage = "docker.io/library/pause-static:test";

/** CRI keeps all its own in this namespace of containerd. */
export const criNamespace = "k8s.io";

/** Who makes pods: CRI, with a container of its own that sleeps, or our shim by containerd's sandbox API. */
export type Sandboxer = "podsandbox" | "shim";

/** A containerd 2.x with CRI, CNI's bridge and our runtime on a stack, in mount and network namespaces of its own. */
export function criMachine(
  stack: StackUnderTest["name"],
  sandboxer: Sandboxer,
  io: "fifo" | "streaming" = "fifo",
): MachineOptions {
  const runtime = runtimeUnderTest(undefined, stack);
  return {
    runtime,
    binary: fileURLToPath(new URL("isolated-containerd", import.meta.url)),
    cri: (directory) => {
      mkdirSync(join(directory, "cni"));
      writeFileSync(join(directory, "cni/10-pods.conflist"), JSON.stringify(podNetwork(join(directory, "ipam"))));
      const plugin = "plugins.'io.containerd.cri.v1.runtime'";
      return [
        "[plugins.'io.containerd.cri.v1.images'.pinned_images]",
        `  sandbox = "${pauseImage}"`,
        `[${plugin}]`,
        "  netns_mounts_under_state_dir = true",
        "  disable_apparmor = true",
        // A test may itself run where it may not lower it.
        "  restrict_oom_score_adj = true",
        `[${plugin}.cni]`,
        `  bin_dirs = ["${join(out, "cni")}"]`,
        `  conf_dir = "${join(directory, "cni")}"`,
        `[${plugin}.containerd]`,
        '  default_runtime_name = "test"',
        `[${plugin}.containerd.runtimes.test]`,
        `  runtime_type = "${runtime.name}"`,
        `  sandboxer = "${sandboxer}"`,
        `  io_type = "${io}"`,
        ...(runtime.configuration === undefined
          ? []
          : [`[${plugin}.containerd.runtimes.test.options]`, `  ConfigPath = "${join(directory, "runtime.toml")}"`]),
      ].join("\n");
    },
  };
}

/** Without NAT, so that no iptables is needed: pods are reached from the host, which is all that is asked here. */
function podNetwork(leases: string): object {
  const range = (subnet: string): object[] => [{ subnet }];
  const ipam = { type: "host-local", dataDir: leases, ranges: [range("10.214.7.0/24"), range("fd14:7::/64")] };
  const plugin = { type: "bridge", bridge: "pods0", isGateway: true, isDefaultGateway: true, mtu: 1420, ipam };
  return { cniVersion: "1.0.0", name: "pods", plugins: [plugin] };
}

type PodConfig = Json & { readonly linux: { readonly cgroupParent: string } };
type Json = Readonly<Record<string, unknown>>;

/** A client of a machine's CRI: a kubelet's calls, by their names in k8s.io/cri-api. */
export class Cri {
  readonly machine: Machine;
  readonly #inside: readonly string[];
  readonly #sandboxes = new Map<string, PodConfig>();

  private constructor(machine: Machine) {
    this.machine = machine;
    const holder = readFileSync(machine.file("namespaces.pid"), "utf8").trim();
    this.#inside = ["nsenter", "--mount", "--net", "--target", holder];
  }

  static async on(machine: Machine): Promise<Cri> {
    const archive = machine.file("pause.tar");
    writeFileSync(archive, await buildImage(pauseImage, "/bin/busybox", ["/bin/sleep", "2147483647"]));
    const { ctr, address } = machine.containerd;
    for (const file of [archive, machine.file("image.tar")]) {
      await runOk([ctr, "--address", address, "--namespace", criNamespace, "images", "import", file]);
    }
    return new Cri(machine);
  }

  /** A command of this host, run where containerd runs. */
  inside(argv: readonly string[], options?: CommandOptions): Promise<CommandResult> {
    return run([...this.#inside, ...argv], options);
  }

  async call<T>(method: string, request: Json = {}): Promise<T> {
    const argv = [...this.#inside, join(out, "cri"), this.machine.containerd.address, method, JSON.stringify(request)];
    return JSON.parse((await runOk(argv)).stdout) as T;
  }

  /** For a kubelet's calls again and again: CRI refuses for a while what a shim's death has left half done. */
  async succeeds(method: string, request: Json): Promise<boolean> {
    return await this.call(method, request).then(
      () => true,
      () => false,
    );
  }

  /** As `crictl exec -i`: over the streaming server. */
  exec(container: string, command: readonly string[], input = ""): Promise<CommandResult> {
    return this.inside([join(out, "cri"), this.machine.containerd.address, "exec", container, ...command], { input });
  }

  /** As `crictl exec -it`. */
  execTerminal(container: string, command: readonly string[], input = ""): Promise<CommandResult> {
    return this.inside([join(out, "cri"), this.machine.containerd.address, "exec-tty", container, ...command], {
      input,
    });
  }

  /** As `crictl attach -i`. */
  attach(container: string, input: string): Promise<CommandResult> {
    return this.inside([join(out, "cri"), this.machine.containerd.address, "attach", container], { input });
  }

  /** `crictl runp`. */
  async runPod(name: string, sysctls: Readonly<Record<string, string>> = {}): Promise<string> {
    const config = {
      metadata: { name, namespace: "test", uid: this.machine.id(name), attempt: 0 },
      hostname: name,
      logDirectory: this.machine.file("logs"),
      dnsConfig: { servers: ["10.214.7.1"], searches: ["pods.test"] },
      linux: { cgroupParent: `/${this.machine.namespace}/${name}`, sysctls },
    };
    const { podSandboxId } = await this.call<{ podSandboxId: string }>("RunPodSandbox", { config });
    this.#sandboxes.set(podSandboxId, config);
    return podSandboxId;
  }

  /** `crictl create` and `crictl start`; its log is `<name>.log` in the pod's log directory. */
  async runContainer(
    podSandboxId: string,
    name: string,
    command: readonly string[],
    pid: "POD" | "CONTAINER" = "POD",
    more: Json = {},
  ): Promise<string> {
    const linux = { securityContext: { namespaceOptions: { pid } } };
    const config = { metadata: { name }, image: { image: imageName }, command, logPath: `${name}.log`, linux, ...more };
    const sandboxConfig = this.#sandboxes.get(podSandboxId);
    const request = { podSandboxId, config, sandboxConfig };
    const { containerId } = await this.call<{ containerId: string }>("CreateContainer", request);
    await this.call("StartContainer", { containerId });
    return containerId;
  }

  /** `crictl stopp`. */
  async stopPod(podSandboxId: string): Promise<void> {
    await this.call("StopPodSandbox", { podSandboxId });
  }

  /** `crictl rmp`, and the pod's cgroup, which is the kubelet's. */
  async removePod(podSandboxId: string): Promise<void> {
    await this.call("RemovePodSandbox", { podSandboxId });
    const parent = this.#sandboxes.get(podSandboxId)?.linux.cgroupParent ?? "";
    for (const path of ownCgroups(this.machine).filter((each) => each.endsWith(parent))) {
      rmdirSync(path);
      rmdirSync(dirname(path));
    }
  }

  /** Undefined while CRI does not answer: containerd's socket is there before it. */
  async podState(podSandboxId: string): Promise<string | undefined> {
    const answer = await this.call<PodStatus>("PodSandboxStatus", { podSandboxId }).catch(() => undefined);
    // As JSON the enum's first is left out.
    return answer && (answer.status.state ?? "SANDBOX_READY");
  }

  async podAddresses(podSandboxId: string): Promise<string[]> {
    const { status } = await this.call<PodStatus>("PodSandboxStatus", { podSandboxId });
    return [status.network.ip, ...(status.network.additionalIps ?? []).map(({ ip }) => ip)];
  }

  async containerStatus(containerId: string): Promise<{ readonly state: string; readonly exitCode?: number }> {
    return (await this.call<{ status: { state: string; exitCode?: number } }>("ContainerStatus", { containerId }))
      .status;
  }

  /** The text of a container's log, without CRI's columns. */
  log(name: string): string {
    const lines = readFileSync(this.machine.file(`logs/${name}.log`), "utf8").split("\n");
    return lines.map((line) => line.split(" ").slice(3).join(" ")).join("\n");
  }
}

interface PodStatus {
  readonly status: {
    readonly state?: string;
    readonly network: { readonly ip: string; readonly additionalIps?: readonly { ip: string }[] };
  };
}
