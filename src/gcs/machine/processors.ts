import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ShimError } from "../../errors/shim-error.ts";
import { appears, type Wait } from "../appears.ts";
import { missingFile } from "../runtime/missing-file.ts";

const DIRECTORY = "/sys/devices/system/cpu";

export interface ProcessorsOptions extends Pick<Wait, "withinMs"> {
  readonly directory?: string;
}

/**
 * Brings processors online, or takes the highest offline, until so many are. One that is plugged in is offline at first:
 * there is no udev to bring it up. Throws out-of-range where fewer have come within the time.
 */
export async function setProcessors(count: number, options: ProcessorsOptions = {}): Promise<void> {
  const { directory = DIRECTORY, ...wait } = options;
  let online = 0;
  const reached = await appears(() => {
    online = setOnline(directory, count);
    return online === count || undefined;
  }, wait);
  if (reached === undefined) {
    const message = `this guest has ${online} processors; cannot bring ${count} online: plug them in first`;
    throw new ShimError("out-of-range", message);
  }
}

/** How many are online then. */
function setOnline(directory: string, count: number): number {
  const numbers = readdirSync(directory)
    .flatMap((name) => /^cpu(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  for (const [index, number] of numbers.entries()) {
    const path = join(directory, `cpu${number}`, "online");
    const wanted = index < count ? "1" : "0";
    try {
      if (readFileSync(path, "utf8").trim() !== wanted) writeFileSync(path, wanted);
    } catch (error) {
      // The first one has no such file: it is always online.
      if (!missingFile(error)) throw error;
    }
  }
  return Math.min(numbers.length, count);
}
