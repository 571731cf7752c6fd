import { BridgeServer } from "../../src/gcs/bridge/server.ts";
import type { StdioPorts } from "../../src/gcs/host.ts";
import { deferred } from "../../src/orchestration/deadline.ts";
import { BRIDGE_PORT } from "../../src/prot/protocol.ts";
import type { ByteStream } from "../../src/sys/byte-stream.ts";
import type { GuestSockets } from "../../src/transport/sockets.ts";
import { ScriptedGcsHost } from "../harness/scripted-gcs-host.ts";

/** From its create on: who waits for an init does so before its start. */
class Running {
  readonly ended = deferred<number>();
  readonly exited = deferred<number>();
}

/**
 * A guest: our gcs' own protocol code over a host without runc. Its processes are `echo WORD`, which says it and ends;
 * `cat`, which ends with its stdin; and anything else, which runs until it is killed.
 */
export class ScriptedGuest {
  readonly host = new ScriptedGcsHost();
  readonly #sockets: GuestSockets;
  readonly #server: BridgeServer;
  readonly #processes = new Map<number, Running>();
  readonly #inits = new Map<string, { pid: number; ports: StdioPorts; args: readonly string[] }>();
  #nextPid = 100;

  constructor(sockets: GuestSockets) {
    this.#sockets = sockets;
    const { host } = this;
    host.script = {
      createContainer: async (id, settings) => {
        const pid = this.#newProcess();
        const args = argsOf(settings.ociSpecification.process);
        this.#inits.set(id, { pid, ports: settings.initStdio ?? {}, args });
        return { initPid: pid };
      },
      startInit: async (id, ports) => {
        const init = this.#inits.get(id);
        if (init === undefined) throw new Error(`no container ${id}`);
        void this.#run(init.pid, init.args, Object.keys(ports).length > 0 ? ports : init.ports).then(() =>
          host.exit(id),
        );
        return { pid: init.pid };
      },
      execInContainer: async (_id, { ociProcess }, ports) => {
        const pid = this.#newProcess();
        void this.#run(pid, argsOf(ociProcess), ports);
        return { pid };
      },
      waitForProcess: async (_id, pid) => (await this.#processes.get(pid)?.exited.promise) ?? 255,
      signalProcess: async (_id, pid, { signal = 9 }) => this.#processes.get(pid)?.ended.resolve(128 + signal),
    };
    this.#server = new BridgeServer({ host, capabilities: { initStdioSupported: false } });
  }

  /** Dials the host's bridge; resolves when that has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const connection = await this.#sockets.dial(BRIDGE_PORT, { signal });
    if (connection.kind !== "stream") throw new Error("a guest of another kernel gets no fds");
    signal.addEventListener("abort", () => void this.#server.close(), { once: true });
    await this.#server.serve(connection.stream);
  }

  #newProcess(): number {
    this.#processes.set(this.#nextPid, new Running());
    return this.#nextPid++;
  }

  /** As the real one does: the exit is told when the host has taken all output and half-closed. */
  async #run(pid: number, args: readonly string[], ports: StdioPorts): Promise<void> {
    const { ended, exited } = this.#processes.get(pid) ?? new Running();
    const end = ended.resolve;
    const dial = async (port: number | undefined): Promise<ByteStream | undefined> => {
      const connection = port === undefined ? undefined : await this.#sockets.dial(port);
      return connection?.kind === "stream" ? connection.stream : undefined;
    };
    const [stdin, stdout, stderr] = await Promise.all([dial(ports.stdin), dial(ports.stdout), dial(ports.stderr)]);
    const closed = [stdout, stderr].map(
      (stream) =>
        stream &&
        new Promise<void>((resolve) => {
          stream.open({ data() {}, end: resolve, drain() {}, close: () => resolve() });
        }),
    );
    const isCat = args[0] === "cat";
    stdin?.open({
      data: (chunk) => void (isCat && stdout?.write(chunk)),
      end: () => isCat && end(0),
      drain() {},
      close: () => isCat && end(0),
    });
    if (args[0] === "echo") {
      stdout?.write(Buffer.from(`${args[1]}\n`));
      end(0);
    }
    const code = await ended.promise;
    stdin?.destroy();
    stdout?.end();
    stderr?.end();
    await Promise.all(closed);
    exited.resolve(code);
  }
}

function argsOf(process: unknown): readonly string[] {
  return (process as { args?: readonly string[] }).args ?? [];
}
