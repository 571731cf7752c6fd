import { failedPrecondition } from "../errors/shim-error.ts";
import type { LinuxGuest } from "./create-guest.ts";

const ID = "warm-up";
const BUNDLE = `/run/${ID}`;

/**
 * Lets the guest do once what it does for each container, so that its programs are in memory and its drivers loaded, and
 * leaves nothing of it: for one that is to be saved before its first use.
 */
export async function warmUp(guest: LinuxGuest, call: { readonly signal: AbortSignal }): Promise<void> {
  // The drivers are loaded beside the first connection.
  const drivers =
    'for m in $(cat /usr/lib/uvm/early-modules); do until grep -q "^$m .* Live " /proc/modules; do sleep 0.2; done; done';
  await run(guest, `${drivers}; mkdir -p ${BUNDLE}/rootfs/proc; cp /bin/busybox ${BUNDLE}/rootfs/`, call);
  const container = await guest.createContainer(ID, { ociBundlePath: BUNDLE, ociSpecification: spec }, call);
  const { exitCode } = await container.startInit({ emulateConsole: false }, call);
  await container.wait(call);
  if ((await exitCode) !== 0)
    throw failedPrecondition("a container of the guest's own failed; no template is made of it");
  await guest.deleteContainerState(ID, call);
  await run(guest, `rm -r ${BUNDLE}`, call);
}

const spec = {
  ociVersion: "1.0.2",
  process: { args: ["/busybox", "true"], cwd: "/", user: { uid: 0, gid: 0 }, capabilities: {} },
  root: { path: `${BUNDLE}/rootfs` },
  hostname: ID,
  mounts: [
    { destination: "/proc", type: "proc", source: "proc" },
    { destination: "/dev", type: "tmpfs", source: "tmpfs" },
  ],
  linux: {
    namespaces: ["mount", "pid", "network", "ipc", "uts"].map((type) => ({ type })),
    resources: { memory: { limit: 64 << 20 }, cpu: { shares: 1024 } },
  },
};

async function run(guest: LinuxGuest, line: string, call: { readonly signal: AbortSignal }): Promise<void> {
  const { exitCode } = await guest.createProcess({ commandArgs: ["/bin/sh", "-c", line] }, call);
  const code = await exitCode;
  if (code !== 0) throw failedPrecondition(`"${line}" ended with ${code} in the guest; no template is made of it`);
}
