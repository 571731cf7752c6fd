import { MessageIdentifier as id, responseIdentifier } from "../../src/prot/message-identifier.ts";
import { NULL_ID } from "../../src/prot/protocol.ts";
import type { ByteStream } from "../../src/sys/byte-stream.ts";
import { BridgePeer, type RawMessage } from "../harness/bridge-peer.ts";

/** STATUS_CONTROL_C_EXIT: more than an int32 holds. */
export const KILLED = 0xc000_013a;
const FAILED = { Result: -2147467259, ErrorMessage: "planted" };

interface Process {
  end(code: number): void;
  readonly exited: Promise<number>;
}

type Body = Readonly<Record<string, unknown>>;

/**
 * A Windows guest, as the host hears it: every request is noted and answered frame by frame, without any of our codecs. Its
 * processes are `echo WORD`, which says it and ends, and anything else, which runs until it is killed.
 */
export class ScriptedWindowsGuest {
  /** What it was asked, in order: the request, its container, and of a change also what and how. */
  readonly asked: string[] = [];
  /** The last body of each request. */
  readonly bodies = new Map<string, Body>();
  /** As in `asked`: the next such request fails. */
  readonly failing = new Set<string>();
  readonly #dial: (serviceId: string) => Promise<ByteStream>;
  readonly #processes = new Map<number, Process>();
  #nextPid = 1000;

  constructor(dial: (serviceId: string) => Promise<ByteStream>) {
    this.#dial = dial;
  }

  /** Until the host ends the bridge. */
  async run(stream: ByteStream, signal: AbortSignal): Promise<void> {
    const peer = new BridgePeer(stream);
    signal.addEventListener("abort", () => peer.destroy(), { once: true });
    for (let next = 0; ; next++) {
      await peer.until(() => peer.received.length > next || peer.ended || peer.closed !== undefined);
      const message = peer.received[next];
      if (message === undefined) break;
      const answer = this.#answer(message, peer);
      void answer.then((body) => peer.send(responseIdentifier(message.type), message.id, { Result: 0, ...body }));
    }
    if (peer.closed === undefined) peer.end();
  }

  async #answer({ type, body }: RawMessage, peer: BridgePeer): Promise<Body> {
    const [verb, containerId] = [verbs.get(type) ?? `0x${type.toString(16)}`, String(body.ContainerId)];
    const request = (body.Request ?? {}) as Body;
    const what = [request.RequestType, request.ResourceType ?? request.ResourcePath].filter(Boolean).join(" ");
    const asked = [verb, containerId === NULL_ID ? "" : containerId, what].filter(Boolean).join(" ");
    this.asked.push(asked);
    this.bodies.set(asked, body);
    if (this.failing.delete(asked)) return FAILED;
    switch (type) {
      case id.computeSystemNegotiateProtocolV1:
        return negotiated;
      case id.computeSystemExecuteProcessV1:
        return { ProcessId: await this.#execute(body) };
      case id.computeSystemWaitForProcessV1:
        return { ExitCode: await this.#processes.get(Number(body.ProcessId))?.exited };
      case id.computeSystemSignalProcessV1:
        this.#processes.get(Number(body.ProcessId))?.end(KILLED);
        return {};
      case id.computeSystemShutdownGracefulV1:
      case id.computeSystemShutdownForcedV1:
        setImmediate(() =>
          peer.send(id.computeSystemNotificationV1, 0n, {
            ...{ ContainerId: containerId, ActivityId: NULL_ID },
            ...{ Type: "GracefulExit", Operation: "None", Result: 0 },
          }),
        );
        return {};
      default:
        return {};
    }
  }

  async #execute(body: Body): Promise<number> {
    const { ProcessParameters, StdioRelaySettings } = body.Settings as Body;
    const { CommandLine } = JSON.parse(String(ProcessParameters)) as Body;
    const [program, word] = String(CommandLine).split(" ");
    const { StdOut } = (StdioRelaySettings ?? {}) as Body;
    const stdout = typeof StdOut === "string" && StdOut !== "" ? await this.#dial(StdOut) : undefined;
    stdout?.open({ data() {}, end() {}, drain() {}, close() {} });
    let end: Process["end"] = () => {};
    const exited = new Promise<number>((resolve) => {
      end = (code) => {
        stdout?.end();
        resolve(code);
      };
    });
    const pid = this.#nextPid++;
    this.#processes.set(pid, { end, exited });
    if (program === "echo") {
      stdout?.write(Buffer.from(`${word}\r\n`));
      end(0);
    }
    return pid;
  }
}

const negotiated: Body = {
  Version: 4,
  Capabilities: {
    ...{ SendHostCreateMessage: true, SendHostStartMessage: true, RuntimeOsType: "Windows" },
    GuestDefinedCapabilities: {
      ...{ NamespaceAddRequestSupported: true, SignalProcessSupported: true },
      ...{ UpdateContainerSupported: true, LogForwardingSupported: true },
    },
  },
};

const verbs: ReadonlyMap<number, string> = new Map([
  [id.computeSystemNegotiateProtocolV1, "negotiate"],
  [id.computeSystemCreateV1, "create"],
  [id.computeSystemStartV1, "start"],
  [id.computeSystemShutdownGracefulV1, "shutdown"],
  [id.computeSystemShutdownForcedV1, "force"],
  [id.computeSystemExecuteProcessV1, "execute"],
  [id.computeSystemWaitForProcessV1, "wait"],
  [id.computeSystemSignalProcessV1, "signal"],
  [id.computeSystemModifySettingsV1, "modify"],
  [id.computeServiceModifySettingsV1, "service"],
]);
