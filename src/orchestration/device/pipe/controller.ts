import { invalidArgument } from "../../../errors/shim-error.ts";
import { bounded } from "../../deadline.ts";
import { KeyedDevices } from "../keyed-devices.ts";
import type { Mapping } from "../mapping.ts";
import { isPipe, PIPE_PREFIX, pipeGuestPath } from "./pipe-path.ts";
import type { PipePorts, PipeRequest } from "./ports.ts";

/**
 * Named pipes of the host in one Windows VM. The host knows a pipe by its path alone, so it is counted here (hcsshim does
 * not): it goes with the last container that has it, and comes again only once it is out.
 */
export class PipeController {
  readonly #ports: PipePorts;
  readonly #pipes = new KeyedDevices();

  constructor(ports: PipePorts) {
    this.#ports = ports;
  }

  get held(): number {
    return this.#pipes.held;
  }

  /** Bookkeeping only. Throws invalid-argument for a path that is no pipe of the host's. */
  reserve({ hostPath }: PipeRequest): Mapping {
    if (!isPipe(hostPath) || !hostPath.startsWith(PIPE_PREFIX) || hostPath === PIPE_PREFIX) {
      throw invalidArgument(`${hostPath} is not a named pipe of the host: give ${PIPE_PREFIX}NAME`);
    }
    const { uvm, limits } = this.#ports;
    const what = `pipe ${hostPath}`;
    // Windows compares these names without regard to case.
    return this.#pipes.reserve(hostPath.toLowerCase(), (before) => ({
      ...{ what, guestPath: pipeGuestPath(hostPath) },
      steps: {
        async map() {
          await before();
          await bounded(limits.host, `adding ${what}`, (o) => uvm.addPipe(hostPath, o));
        },
        unmap: () => bounded(limits.host, `removing ${what}`, (o) => uvm.removePipe(hostPath, o)),
      },
    }));
  }
}
