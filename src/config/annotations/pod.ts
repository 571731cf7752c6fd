import { STACK_NAMES } from "../keys/shim.ts";
import { rows } from "./annotation.ts";

const microsoft = rows("pod", "io.microsoft.");
const unheeded = rows("pod", "io.microsoft.", []);
const cri = rows("pod", "io.kubernetes.cri.", STACK_NAMES);
const service = rows("pod", "io.microsoft.virtualmachine.", ["remotevm"]);
const hint = rows("pod", "io.kubernetes.cri.sandbox-", ["qemu", "remotevm"]);
const containerd = rows("pod", "io.containerd.", STACK_NAMES);

/** What a pod or container is, and what holds for the whole sandbox. */
export const pod = {
  containerType: cri("container-type", "text", "both", "none", "sandbox or container; needs sandbox-id."),
  sandboxId: cri("sandbox-id", "text", "both", "none", "The pod's sandbox; needs container-type."),
  skipNetworking: unheeded("cri.skip-pod-networking", "bool", "LCOW", "false", "A pod without endpoints is no error."),
  tenantSandbox: unheeded("cri.tenant-sandbox-id", "text", "LCOW", "none", "The sandbox whose VM this pod joins."),
  virtualPod: unheeded("cri.virtual-pod-id", "text", "LCOW", "none", "The pod in the VM that a container joins."),
  ncproxy: microsoft("network.ncproxy", "text", "both", "none", "Address of a network configuration proxy."),
  ncproxyContainer: unheeded("network.ncproxy.containerid", "bool", "both", "false", "It is told the container's id."),
  migrationSupport: microsoft("migration.support-enabled", "bool", "LCOW", "false", "Only what can migrate is used."),
  migrationSource: unheeded("migration.source-container-id", "text", "LCOW", "none", "Its id where it came from."),
  disableUnsafe: microsoft(
    "disable-unsafe-operations",
    ...(["bool", "both", "none", "Sets four others: see expansions."] as const),
  ),
};

/** What CRI says of the whole pod, on its sandbox. The VM gets 128 MiB more than the memory. */
export const podHints = {
  memory: hint("memory", "u64", "both", "none", "Memory limit of all containers together.", { unit: "bytes" }),
  cpuQuota: hint("cpu-quota", "i64", "both", "none", "CPU time of all containers together, a period.", { unit: "µs" }),
  cpuPeriod: hint("cpu-period", "u64", "both", "none", "The period of that quota.", { unit: "µs" }),
  cpuShares: hint("cpu-shares", "u64", "both", "none", "Weight of the pod; counts without a quota.", {
    unit: "1/1024 processor",
  }),
};

/** Which VM service makes the pod's VM, as hcsshim had them; heeded where remotevm.annotations is set. */
export const vmService = {
  source: service("vmsource", "text", "LCOW", "remotevm", "Refused where it is not remotevm or vmservice."),
  address: service("vmservice.address", "text", "LCOW", "none", "As remotevm.address."),
  path: service("vmservice.path", "text", "LCOW", "none", "As remotevm.service."),
};

/** Of containerd itself. */
export const containerdOwn = {
  group: containerd("runc.v2.group", "text", "both", "sandbox-id", "The pod whose daemon serves this container."),
  failpoint: containerd(
    "runtime.v2.shim.failpoint.",
    ...(["text", "both", "none", "A fault on request, in builds for tests alone."] as const),
    { prefix: "POINT" },
  ),
};
