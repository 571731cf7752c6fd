/** FIFOs that the client made (reference: containerd-shim 1.17). No open here ever waits for the other side. */
import { constants, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { open } from "../sys/libc.ts";
import { DescriptorEndpoint, HeldFd, openFailed } from "./descriptor.ts";
import type { InputEndpoint, StdioEndpoint } from "./endpoints.ts";
import { OutputFifo } from "./output-fifo.ts";

const { O_RDONLY, O_WRONLY, O_NONBLOCK, O_APPEND, O_CREAT } = constants;

/** Something held open for as long as the process may use it; `close` is idempotent. */
export interface HeldInput {
  readonly endpoint: InputEndpoint;
  close(): void;
}

/** Two endpoints over one thing: stdout and stderr may be the same FIFO. */
export interface HeldOutput {
  readonly stdout: StdioEndpoint;
  readonly stderr: StdioEndpoint;
  /** Resolves when its reader, where it can have one, has all, or after `ms`. */
  drained(ms: number): Promise<void>;
  /** Settles once a reader that is late has come, or a second has gone by. */
  close(): void | Promise<void>;
}

/**
 * stdin. Our own writing end keeps the process from seeing EOF while clients come and go, until `closeInput`; our
 * reading end keeps what they wrote.
 */
export function openInput(path: string): HeldInput {
  try {
    const reader = new HeldFd(open(path, O_RDONLY | O_NONBLOCK));
    let writer: HeldFd | undefined;
    try {
      // Only a FIFO needs one; a regular file or a device ends by itself.
      if (statSync(`/proc/self/fd/${reader.get()}`).isFIFO()) writer = new HeldFd(open(path, O_WRONLY | O_NONBLOCK));
    } catch (error) {
      reader.close();
      throw error;
    }
    const endpoint = new DescriptorEndpoint(() => reader.get(), "read");
    return {
      endpoint: {
        passFd: () => endpoint.passFd(),
        stream: () => endpoint.stream(),
        closeInput: () => writer?.close(),
      },
      close() {
        writer?.close();
        reader.close();
        endpoint.closeStream();
      },
    };
  } catch (error) {
    throw openFailed(path, error);
  }
}

/** stdout or stderr. */
export function openOutput(path: string): HeldOutput {
  try {
    return statSync(path).isFIFO() ? new OutputFifo(path) : holdOutput(open(path, O_WRONLY | O_APPEND));
  } catch (error) {
    throw openFailed(path, error);
  }
}

/** `file://`: appended to, made with its directories where it is not there. */
export function openFile(path: string): HeldOutput {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    return holdOutput(open(path, O_WRONLY | O_APPEND | O_CREAT, 0o644));
  } catch (error) {
    throw openFailed(path, error);
  }
}

function holdOutput(fd: number): HeldOutput {
  const held = new HeldFd(fd);
  const stdout = new DescriptorEndpoint(() => held.get(), "write");
  const stderr = new DescriptorEndpoint(() => held.get(), "write");
  return {
    stdout,
    stderr,
    drained: async () => {},
    close() {
      stdout.closeStream();
      stderr.closeStream();
      held.close();
    },
  };
}
