import { mkdir, readdir, rm } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { failedPrecondition, invalidArgument, ShimError } from "../../errors/shim-error.ts";
import { errorCode } from "../../sys/sys-error.ts";
import type { ContainerController } from "../container/controller.ts";
import { checkDisks, isDiskFile, saveDisks } from "./checkpoint-disks.ts";

/** What this release writes into a checkpoint's directory. */
const OWN = /^(pod\.json|vm\.json)(\.new)?$|^state$/;

/**
 * Saves the pod of one container into the directory, so that a new pod's Create can take it over: its container stands
 * still in it, and its disks are there. Made, or empty, or one of an earlier checkpoint, which goes. On failure nothing
 * is left there, and the container goes on. `save`: the pod's, which writes `more` while the VM stands still.
 */
export async function checkpointContainer(
  container: ContainerController,
  directory: string,
  save: (more: (call: { signal: AbortSignal }) => Promise<void>) => Promise<void>,
  { exit, warn }: { readonly exit: boolean; warn(message: string, cause: unknown): void },
): Promise<void> {
  const refusal = `container ${container.id} is ${container.state}; cannot checkpoint`;
  if (!isAbsolute(directory)) {
    throw invalidArgument(`${refusal}: its path ${JSON.stringify(directory)} is not absolute`);
  }
  const execs = container.diagnose().execs.filter(({ state }) => state !== "created" && state !== "exited");
  if (execs.length > 0) {
    throw failedPrecondition(
      `${refusal}: exec ${execs[0]?.id} runs in it, whose client nobody can restore: end it first`,
    );
  }
  checkDisks(refusal, container.holdings, container.request.rootfs);
  const wasRunning = container.state === "running";
  if (!wasRunning && container.state !== "paused") throw failedPrecondition(`${refusal}: start it first`);
  const made = await ready(refusal, directory);
  const isPaused = (): boolean => container.state === "paused";
  let isOver = false;
  try {
    // It is frozen in what is saved: it goes on at the start of its successor, and not before.
    if (wasRunning) await container.pause();
    await save(({ signal }) => saveDisks(container.holdings, directory, signal));
    isOver = exit;
  } catch (cause) {
    await (made === undefined ? empty(directory) : rm(made, { recursive: true, force: true })).catch((error) =>
      warn(`the failed checkpoint left something in ${directory}`, error),
    );
    if (errorCode(cause) !== "ENOSPC") throw cause;
    throw new ShimError("resource-exhausted", `${refusal}: the file system of ${directory} is full`, { cause });
  } finally {
    if (wasRunning && !isOver && isPaused()) {
      await container.resume().catch((cause) => warn(`container ${container.id} stays paused`, cause));
    }
  }
}

/** The first directory of its path that had to be made. */
async function ready(refusal: string, directory: string): Promise<string | undefined> {
  const made = await mkdir(directory, { recursive: true, mode: 0o700 }).catch((cause) => {
    throw failedPrecondition(`${refusal}: ${directory} cannot be made: name another directory`, cause);
  });
  if (made !== undefined) return made;
  const foreign = (await readdir(directory)).find((name) => !OWN.test(name) && !isDiskFile(name));
  if (foreign !== undefined) {
    throw failedPrecondition(`${refusal}: ${directory} has ${foreign} in it: name an empty directory`);
  }
  await empty(directory);
  return undefined;
}

/** Its completeness first: what is left of an interrupted removal is no checkpoint. */
async function empty(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => OWN.test(name) || isDiskFile(name));
  for (const name of names.toSorted((a, b) => Number(b === "pod.json") - Number(a === "pod.json"))) {
    await rm(join(directory, name), { force: true });
  }
}
