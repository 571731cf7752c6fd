/** Parts of a pod's code, none of which takes much longer to load than another. */
const parts: readonly (() => Promise<unknown>)[] = [
  () => import("../../src/orchestration/container/controller.ts"),
  () => import("../../src/orchestration/device/devices.ts"),
  () => import("../../src/orchestration/vm/controller.ts"),
  () => import("../../src/orchestration/network/hcn/pod-network.ts"),
  () => import("../../src/orchestration/diagnostics/controller.ts"),
  () => import("../../src/orchestration/pod/controller.ts"),
  () => import("#os/src/stdio/open.ts"),
  () => import("../../src/guestmanager/bridge/bridge.ts"),
  () => import("../../src/guestmanager/create-guest.ts"),
  () => import("../../src/vmmanager/host-network/host-network.ts"),
  () => import("../../src/config/annotations/check.ts"),
];

/**
 * Loads the pod's code, in each turn of the event loop a part of it: the daemon loads it as soon as it is ready, which is
 * when its first call comes, and loaded in one go it kept that call waiting.
 */
export async function loadPod(): Promise<typeof import("./pod.ts")> {
  for (const load of parts) {
    await nextTurn();
    await load();
  }
  await nextTurn();
  return await import("./pod.ts");
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
