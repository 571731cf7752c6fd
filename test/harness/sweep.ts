import { rmdirSync, rmSync } from "node:fs";
import { run } from "./command.ts";
import { type Marks, ownCgroups, ownFiles, ownMounts, ownProcesses, shimSockets } from "./leftovers.ts";
import { until } from "./until.ts";

/**
 * Removes everything of a test from the host, whatever state the test left it in. It only ever touches what carries the
 * test's marks.
 */
export async function sweep(marks: Marks): Promise<void> {
  await until("the test's processes are gone", () => {
    const own = ownProcesses(marks);
    for (const { pid } of own) killQuietly(pid);
    return own.length === 0;
  });
  // The deepest first; a mount over another one takes a second round.
  for (let round = 0; round < 5; round++) {
    const mounts = ownMounts(marks).sort((a, b) => b.length - a.length);
    if (mounts.length === 0) break;
    for (const point of mounts) await run(["umount", "-l", point]);
  }
  for (const path of ownCgroups(marks).sort((a, b) => b.length - a.length)) {
    try {
      rmdirSync(path);
    } catch {
      // A hierarchy that shows the same directory twice has removed it already.
    }
  }
  const outside = [...shimSockets(marks), ...ownFiles(marks)];
  for (const path of outside) rmSync(path, { recursive: true, force: true });
  rmSync(marks.directory, { recursive: true, force: true });
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone in between.
  }
}
