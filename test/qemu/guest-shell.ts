import { readAll } from "../../src/gcs/stdio/read-all.ts";
import type { HostSockets } from "../../src/transport/sockets.ts";
import type { BridgePeer } from "../harness/bridge-peer.ts";

const EXECUTE = 0x1010_0501;
const WAIT = 0x1010_0601;
const NULL_ID = "00000000-0000-0000-0000-000000000000";
const FIRST_PORT = 0x5000_0000;

/** Runs shell lines in the guest itself, over the bridge. */
export class GuestShell {
  readonly #peer: BridgePeer;
  readonly #sockets: HostSockets;
  #last: number;

  /** `last`: so many lines were run over this bridge before. */
  constructor(peer: BridgePeer, sockets: HostSockets, last = 0) {
    this.#last = last;
    this.#peer = peer;
    this.#sockets = sockets;
  }

  /** Its exit code, and what it wrote on stdout. */
  async run(line: string): Promise<{ code: number; output: string }> {
    const number = ++this.#last;
    const listener = this.#sockets.listen(FIRST_PORT + number);
    try {
      const parameters = { CommandArgs: ["/bin/sh", "-c", line], CreateInUtilityVM: true, CreateStdOutPipe: true };
      const settings = {
        ProcessParameters: JSON.stringify(parameters),
        VsockStdioRelaySettings: { StdOut: FIRST_PORT + number },
      };
      const output = listener.accept().then(async (stream) => {
        const text = await readAll(stream, 1 << 20);
        stream.end();
        return text;
      });
      // A machine that goes ends the request first: then nobody asks for the output.
      output.catch(() => undefined);
      const started = await this.#peer.request(EXECUTE, BigInt(number * 2 + 10), {
        ContainerId: NULL_ID,
        Settings: settings,
      });
      const wait = { ContainerId: NULL_ID, ProcessId: started.body.ProcessId, TimeoutInMs: 0xffff_ffff };
      const ended = await this.#peer.request(WAIT, BigInt(number * 2 + 11), wait);
      return { code: Number(ended.body.ExitCode), output: await output };
    } finally {
      listener.close();
    }
  }
}
