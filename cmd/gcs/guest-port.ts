import { constants, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runtime } from "#runtime";
import { ShimError, unavailable } from "../../src/errors/shim-error.ts";
import type { Logger } from "../../src/log/logger.ts";
import { open } from "../../src/sys/libc.ts";
import { GuestMux } from "../../src/transport/mux/guest-mux.ts";
import type { GuestSockets } from "../../src/transport/sockets.ts";

const PORTS = "/sys/class/virtio-ports";
const LINKS = "/dev/virtio-ports";
const APPEARS_WITHIN_MS = 5_000;
const POLL_MS = 10;
/** A port without a host reads EOF at once, each time that it is opened. */
const REOPEN_MS = 50;

/** The device of a virtio-serial port ("vport0p1") by its name; undefined where there is none (yet). */
export function findPort(name: string, ports = PORTS): string | undefined {
  let devices: string[];
  try {
    devices = readdirSync(ports);
  } catch {
    return undefined;
  }
  return devices.find((device) => {
    try {
      return readFileSync(join(ports, device, "name"), "utf8").trim() === name;
    } catch {
      // A port without a name has no such file.
      return false;
    }
  });
}

/** Waits for the port, and links it under its name as udev would. Throws unavailable. */
export async function linkPort(name: string): Promise<string> {
  for (let waited = 0; waited < APPEARS_WITHIN_MS; waited += POLL_MS) {
    const device = findPort(name);
    if (device !== undefined) {
      const link = join(LINKS, name);
      mkdirSync(LINKS, { recursive: true });
      rmSync(link, { force: true });
      symlinkSync(`../${device}`, link);
      return link;
    }
    await sleep(POLL_MS);
  }
  throw unavailable(`this machine has no virtio-serial port "${name}"; cannot reach its host: add one of that name`);
}

export interface PortSockets {
  readonly sockets: GuestSockets;
  /** Resolves after the first handshake with a host. */
  readonly established: Promise<void>;
  /** Carries the channel over the port until the signal aborts: opens it again whenever its host is gone. */
  serve(options: { signal: AbortSignal }): Promise<void>;
}

/** The host's sockets over a port. A host that breaks the channel's rules ends a session, not the guest. */
export function createPortSockets(path: string, log: Logger): PortSockets {
  let mux = new GuestMux();
  const { established } = mux;
  return {
    sockets: { dial: (port, options) => mux.sockets.dial(port, options) },
    established,
    async serve({ signal }) {
      const over = (): void => mux.destroy();
      signal.addEventListener("abort", over, { once: true });
      while (!signal.aborted) {
        try {
          const reason = await mux.attach(runtime.adopt(open(path, constants.O_RDWR | constants.O_NONBLOCK), "port"));
          if (reason !== undefined) log.debug("the port is closed", { reason });
        } catch (error) {
          if (!(error instanceof ShimError) || signal.aborted) throw error;
          log.warn("the guest channel has ended; a new one begins", { error });
          mux = new GuestMux();
        }
        await sleep(REOPEN_MS);
      }
      signal.removeEventListener("abort", over);
    },
  };
}
