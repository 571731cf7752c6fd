import { randomUUID } from "node:crypto";
import { unavailable } from "../../errors/shim-error.ts";
import { within } from "../../errors/within.ts";
import { type Logger, silentLogger } from "../../log/logger.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import type { SocketAddress } from "../../sys/windows/socket-address.ts";
import { connectTo } from "../../sys/windows/winsock.ts";
import { ServiceListener } from "./listener.ts";
import { hvGuid } from "./service.ts";
import { type ServiceSpace, vmServices } from "./service-space.ts";
import { type StreamMaker, streamMakers } from "./stream-maker.ts";

/** A loopback connection answers in milliseconds, or never. */
const PROBE_MS = 3000;
/** More than any buffer of a stream's, so that both directions have to wait for each other. */
const PROBE_BYTES = 200_000;

const makers = Object.keys(streamMakers) as StreamMaker[];
let chosen: Promise<StreamMaker> | undefined;

/** Asked once for the process: how sockets of the space's family are to become streams here. */
export function chooseStreamMaker(space: ServiceSpace, log: Logger = silentLogger): Promise<StreamMaker> {
  const { family } = space.address(randomUUID());
  chosen ??= firstThatWorks(makers, (maker) => probe(maker, family), log);
  // A failure is not for ever: the role Hyper-V may just be starting.
  chosen.catch(() => {
    chosen = undefined;
  });
  return chosen;
}

export async function firstThatWorks<Maker extends string>(
  candidates: readonly Maker[],
  works: (maker: Maker) => Promise<void>,
  log: Logger,
): Promise<Maker> {
  const failures: string[] = [];
  for (const maker of candidates) {
    try {
      await works(maker);
      if (failures.length > 0) log.warn(`sockets of guests are served as ${maker}`, { because: failures.join("; ") });
      return maker;
    } catch (error) {
      failures.push(`${maker}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw unavailable(`Hyper-V sockets do not work on this host; cannot talk to guests: ${failures.join("; ")}`);
}

/** Over this partition's own loopback, which needs no VM: bytes both ways, half-closes, and an end without an error. */
export async function probe(maker: StreamMaker, family: SocketAddress["family"]): Promise<void> {
  const serviceId = randomUUID();
  let inetPort = 0;
  const announce = (_service: string, port: number) => {
    inetPort = port;
    return () => {};
  };
  const loopback: ServiceSpace =
    family === "hyperv" ? vmServices(hvGuid.loopback) : { address: () => ({ family, port: 0 }), announce };
  const log = silentLogger;
  const listener = new ServiceListener({ port: 0, serviceId, space: loopback, maker, log, closed() {} });
  const streams: ByteStream[] = [];
  let over = false;
  const opened = (stream: ByteStream): ByteStream => {
    if (over) stream.destroy();
    else streams.push(stream);
    return stream;
  };
  const accepted = listener.accept().then(opened);
  // Rejects with the listener's end where nobody has come.
  accepted.catch(() => {});
  try {
    const address = family === "hyperv" ? loopback.address(serviceId) : ({ family, port: inetPort } as const);
    const conversation = connectTo(address, PROBE_MS).then((socket) => {
      const ours = opened(streamMakers[maker](socket));
      return Promise.all([says(ours, PROBE_BYTES), accepted.then(echoes)]);
    });
    const result = await within(PROBE_MS, conversation);
    if (result === undefined) throw unavailable(`no answer over loopback in ${PROBE_MS} ms`);
    if (result[0] !== PROBE_BYTES) throw unavailable(`${result[0]} of ${PROBE_BYTES} bytes came back over loopback`);
  } finally {
    over = true;
    listener.close();
    for (const stream of streams) stream.destroy();
  }
}

/** Sends so many bytes and an end; answers how many came back before the other one's. */
function says(stream: ByteStream, bytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let received = 0;
    const data = (chunk: Uint8Array) => {
      received += chunk.length;
    };
    stream.open({ data, end() {}, drain() {}, close: (error) => (error ? reject(error) : resolve(received)) });
    stream.write(new Uint8Array(bytes));
    stream.end();
  });
}

function echoes(stream: ByteStream): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.open({
      data: (chunk) => void stream.write(chunk),
      end: () => stream.end(),
      drain() {},
      close: (error) => (error ? reject(error) : resolve()),
    });
  });
}
