import { dirname } from "node:path";
import { type Check, type CheckedHost, type Finding, failure, ok } from "./check.ts";

const OTHERS_MAY_WRITE = 0o002;
const STICKY = 0o1000;

export const permissions: Check = {
  name: "permissions",
  async run({ host, settings }) {
    const root =
      host.uid === 0
        ? ok("runs as root, as containerd's shims do")
        : failure(`runs as uid ${host.uid}: shims are started by containerd as root`, "run uvmctl check as root");
    const directories = { run_directory: settings.runDirectory, socket_directory: settings.socketDirectory };
    return [root, ...Object.entries(directories).map(([key, path]) => directory(host, key, path))];
  },
};

/** It is made by the first pod, so the nearest that is there counts: nobody else may put his own in its place. */
function directory(host: CheckedHost, key: string, path: string): Finding {
  let place = path;
  while (host.stat(place) === undefined && dirname(place) !== place) place = dirname(place);
  const found = host.stat(place);
  const shown = place === path ? path : `${path}, below ${place},`;
  if (found?.isDirectory !== true)
    return failure(`${key} ${shown} is no directory`, `remove ${place}, or set ${key} elsewhere`);
  if (!host.usable(place, "rw"))
    return failure(`${key} ${shown} can't be written to`, `set ${key} to a directory of root's`);
  const isOpen = (found.mode & OTHERS_MAY_WRITE) !== 0 && (found.mode & STICKY) === 0;
  if (isOpen || found.uid !== 0)
    return failure(`${key} ${shown} may be changed by others than root`, `chown root ${place}; chmod go-w ${place}`);
  return ok(`${key} ${path}`);
}
