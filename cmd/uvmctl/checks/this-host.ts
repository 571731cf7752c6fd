import { execFile } from "node:child_process";
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import type { CheckedHost } from "./check.ts";

const RUN_MS = 30_000;
const modes = { r: constants.R_OK, rw: constants.R_OK | constants.W_OK, x: constants.X_OK };

export function thisHost(): CheckedHost {
  return {
    platform: process.platform,
    arch: process.arch,
    uid: process.getuid?.() ?? 0,
    program: process.execPath,
    // What containerd gives its shims besides its own PATH can't be known: these are where Debian and we put programs.
    path: `${process.env.PATH ?? ""}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    read: (path) => attempt(() => readFileSync(path, "utf8")),
    usable: (path, mode) => attempt(() => accessSync(path, modes[mode]) ?? true) === true,
    stat: (path) =>
      attempt(() => {
        const stat = statSync(path);
        return { isDirectory: stat.isDirectory(), uid: stat.uid, mode: stat.mode };
      }),
    run: ([file = "", ...args]) =>
      new Promise((resolve) => {
        execFile(file, args, { timeout: RUN_MS, killSignal: "SIGKILL" }, (error, stdout) =>
          resolve(error === null ? stdout : undefined),
        );
      }),
  };
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
