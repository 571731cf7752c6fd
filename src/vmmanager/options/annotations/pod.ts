import { rows } from "./annotation.ts";

const microsoft = rows("pod", "io.microsoft.");
const cri = rows("pod", "io.kubernetes.cri.");

/** What a pod or container is, and what holds for the whole sandbox. */
export const pod = {
  containerType: cri("container-type", "text", "both", "none", "sandbox or container; needs sandbox-id."),
  sandboxId: cri("sandbox-id", "text", "both", "none", "The pod's sandbox; needs container-type."),
  skipNetworking: microsoft("cri.skip-pod-networking", "bool", "LCOW", "false", "A pod without endpoints is no error."),
  tenantSandbox: microsoft("cri.tenant-sandbox-id", "text", "LCOW", "none", "The sandbox whose VM this pod joins."),
  virtualPod: microsoft("cri.virtual-pod-id", "text", "LCOW", "none", "The pod in the VM that a container joins."),
  ncproxy: microsoft("network.ncproxy", "text", "both", "none", "Address of a network configuration proxy."),
  ncproxyContainer: microsoft("network.ncproxy.containerid", "bool", "both", "false", "It is told the container's id."),
  migrationSupport: microsoft("migration.support-enabled", "bool", "LCOW", "false", "Only what can migrate is used."),
  migrationSource: microsoft("migration.source-container-id", "text", "LCOW", "none", "Its id where it came from."),
  disableUnsafe: microsoft(
    "disable-unsafe-operations",
    ...(["bool", "both", "none", "Sets four others: see expansions."] as const),
  ),
};
