/** Terminals: opening a pair, its window size, and the console socket over which an OCI runtime hands us its master. */
import { constants, unlinkSync } from "node:fs";
import { cLibrary } from "./c-library.ts";
import { check, close, open } from "./libc.ts";
import { acceptUnix, listenUnix, receiveFds } from "./libc-socket.ts";
import { SysError } from "./sys-error.ts";

const signatures = { ioctl: ["int", "int", "u64", "buffer"] } as const;

const libc = cLibrary(signatures);

const TIOCGWINSZ = 0x5413;
const TIOCSWINSZ = 0x5414;
const TIOCSPTLCK = 0x40045431;
const TIOCGPTN = 0x80045430;
const ENOMSG = 42;

/** A new pty: the master's fd and the path of the slave, unlocked. */
export function openPty(): { master: number; slavePath: string } {
  const master = open("/dev/ptmx", constants.O_RDWR | constants.O_NOCTTY);
  try {
    const number = new Int32Array(1);
    const bytes = new Uint8Array(number.buffer);
    check(() => libc().ioctl(master, TIOCSPTLCK, bytes), "ioctl TIOCSPTLCK");
    check(() => libc().ioctl(master, TIOCGPTN, bytes), "ioctl TIOCGPTN");
    return { master, slavePath: `/dev/pts/${number[0]}` };
  } catch (error) {
    close(master);
    throw error;
  }
}

export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

/** On a master or a slave; the foreground process group gets SIGWINCH. */
export function setWindowSize(fd: number, size: WindowSize): void {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, size.rows, true);
  view.setUint16(2, size.columns, true);
  check(() => libc().ioctl(fd, TIOCSWINSZ, bytes), "ioctl TIOCSWINSZ");
}

export function windowSize(fd: number): WindowSize {
  const bytes = new Uint8Array(8);
  check(() => libc().ioctl(fd, TIOCGWINSZ, bytes), "ioctl TIOCGWINSZ");
  const view = new DataView(bytes.buffer);
  return { rows: view.getUint16(0, true), columns: view.getUint16(2, true) };
}

/**
 * `--console-socket` of an OCI runtime (runc docs/terminals.md): it connects and sends the pty master with its name.
 * It has done so before `create` or `exec --detach` exits, so `receive` need not wait.
 */
export interface ConsoleSocket {
  readonly path: string;
  /** The master, once the runtime has exited with success; the caller owns it. Throws ENOMSG when none came. */
  receive(): number;
  /** Closes and unlinks the socket. Idempotent. */
  close(): void;
}

export function openConsoleSocket(path: string): ConsoleSocket {
  const listener = listenUnix(path, 1);
  let closed = false;
  return {
    path,
    receive() {
      const connection = acceptUnix(listener);
      if (connection === undefined) throw new SysError(ENOMSG, "accept4", path);
      try {
        const master = receiveFds(connection)?.fds[0];
        if (master === undefined) throw new SysError(ENOMSG, "recvmsg", path);
        return master;
      } finally {
        close(connection);
      }
    },
    close() {
      if (closed) return;
      closed = true;
      close(listener);
      unlinkSync(path);
    },
  };
}
