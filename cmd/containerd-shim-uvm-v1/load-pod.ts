type Part = () => Promise<unknown>;

/** Parts of a pod's code, none of which takes much longer to load than another. */
const parts: readonly Part[] = [
  () => import("../../src/orchestration/container/controller.ts"),
  () => import("../../src/orchestration/vm/controller.ts"),
  () => import("../../src/orchestration/diagnostics/controller.ts"),
  () => import("../../src/orchestration/pod/controller.ts"),
  () => import("#os/src/stdio/open.ts"),
  () => import("../../src/guestmanager/bridge/bridge.ts"),
  () => import("../../src/guestmanager/create-guest.ts"),
];

/** What the first create brings into a VM, or needs to know of it. */
const inVm: readonly Part[] = [
  () => import("../../src/orchestration/device/devices.ts"),
  () => import("../../src/orchestration/container/storage.ts"),
  () => import("../../src/orchestration/vm/size.ts"),
];

/**
 * Loads the pod's code, in each turn of the event loop a part of it: the daemon loads it as soon as it is ready, which is
 * when its first call comes, and loaded in one go it kept that call waiting.
 */
export async function loadPod(stack: string): Promise<typeof import("./pod.ts")> {
  for (const load of stack === "local" ? parts : [...parts, ...inVm]) {
    await nextTurn();
    await load();
  }
  await nextTurn();
  return await import("./pod.ts");
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
