import type { Logger } from "../../src/log/logger.ts";
import type { PodOptions } from "../../src/orchestration/pod/ports.ts";

/** What a Windows host does for the containers of Windows guests; another does nothing. */
export function windowsHost(_log: Logger): Pick<PodOptions, "windows"> {
  return {};
}
