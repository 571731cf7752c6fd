import { constants } from "node:fs";
import { join } from "node:path";
import { runtime } from "#runtime";
import { close, dup, open, pipe, setPipeSize } from "../../sys/libc.ts";
import { openConsoleSocket, openPty, setWindowSize } from "../../sys/pty.ts";
import { errorCode } from "../../sys/sys-error.ts";
import type { StdioCalls } from "./ports.ts";

/** sun_path holds 108 bytes with its closing NUL. */
const MAX_SOCKET_PATH = 107;

/** More than a pipe's 64 KiB: a process and its relay take turns less often. */
const PIPE_BYTES = 256 * 1024;

/** The StdioCalls of this machine; console sockets live below the state directory. */
export function systemStdio(stateDirectory: string): StdioCalls {
  let sockets = 0;
  return {
    pipe() {
      const [read, write] = pipe();
      growPipe(write);
      return { read, write };
    },
    duplicate: (fd) => dup(fd),
    closeFd: close,
    adopt: (fd, kind, direction) => runtime.adopt(fd, kind, direction),
    consoleSocket() {
      sockets += 1;
      const path = join(stateDirectory, `console-${sockets}.sock`);
      if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return openConsoleSocket(path);
      return openConsoleSocket(`/run/gcs-console-${process.pid}-${sockets}.sock`);
    },
    openTerminal() {
      const { master, slavePath: path } = openPty();
      try {
        return { master, slave: open(path, constants.O_RDWR | constants.O_NOCTTY), path };
      } catch (error) {
        close(master);
        throw error;
      }
    },
    setWindowSize: (fd, columns, rows) => setWindowSize(fd, { columns, rows }),
  };
}

/** As far as this user may: it is as right with less. */
function growPipe(fd: number): void {
  try {
    setPipeSize(fd, PIPE_BYTES);
  } catch (error) {
    if (errorCode(error) !== "EPERM") throw error;
  }
}
