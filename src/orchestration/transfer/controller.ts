import { ShimError, unimplemented } from "../../errors/shim-error.ts";
import type { GuestArchive } from "../../guestmanager/guest.ts";
import { pull } from "../../stdio/pull.ts";
import type { StreamController } from "../stream/controller.ts";
import type { WindowedStream } from "../stream/windowed-stream.ts";
import type { RpcOptions } from "../tasks.ts";
import type { TransferEnd, TransferPod, TransferRequest, Transfers } from "./ports.ts";
import { Watch } from "./watch.ts";

const TAR = "application/x-tar";
/** Nothing moves for so long (ms): one of both ends is dead or forgotten. */
const STALL_MS = 120_000;

/** Copies between containers' root file systems and streams of the shim's socket, as tar. Holds nothing between calls. */
export class TransferController implements Transfers {
  readonly #streams: Pick<StreamController, "take">;
  readonly #pod: TransferPod;
  readonly #stallMs: number;

  constructor(streams: Pick<StreamController, "take">, pod: TransferPod, options: { stallMs?: number } = {}) {
    this.#streams = streams;
    this.#pod = pod;
    this.#stallMs = options.stallMs ?? STALL_MS;
  }

  async transfer({ from, to, progressStream }: TransferRequest, { signal }: RpcOptions): Promise<void> {
    const { end, stream, direction } = routeOf(from, to);
    const peer = this.#streams.take(stream.stream);
    const progress = progressStream === "" ? undefined : this.#progress(peer, progressStream);
    const watch = new Watch(end.path, { signal, stallMs: this.#stallMs, progress });
    try {
      const { path, noWalk, preserveOwnership } = end;
      const request = { direction, path, noWalk, preserveOwnership };
      await this.#pod.archive(end.id, request, async (archive) => {
        const stop = (): void => archive.data.destroy();
        watch.onStop(stop);
        try {
          await watch.bound(direction === "Out" ? copyOut(archive, peer, watch) : copyIn(archive, peer, watch));
        } finally {
          stop();
        }
      });
      await watch.tellEnd();
      if (direction === "Out") peer.end();
      peer.finish();
    } catch (thrown) {
      const error = ShimError.from(thrown, "internal");
      peer.finish(error);
      progress?.finish(error);
      throw error;
    } finally {
      watch.close();
      progress?.finish();
    }
  }

  #progress(peer: WindowedStream, id: string): WindowedStream {
    try {
      return this.#streams.take(id);
    } catch (error) {
      peer.finish(ShimError.from(error, "internal"));
      throw error;
    }
  }
}

interface Route {
  readonly end: Extract<TransferEnd, { kind: "container" }>;
  readonly stream: Exclude<TransferEnd, { kind: "container" }>;
  readonly direction: "Out" | "In";
}

function routeOf(from: TransferEnd, to: TransferEnd): Route {
  if (from.kind === "container" && to.kind === "destination") return { end: from, stream: tar(to), direction: "Out" };
  if (from.kind === "source" && to.kind === "container") return { end: to, stream: tar(from), direction: "In" };
  throw unimplemented(`a transfer from a ${from.kind} to a ${to.kind} is not supported`);
}

function tar(stream: Route["stream"]): Route["stream"] {
  if (stream.mediaType === TAR) return stream;
  throw unimplemented(`media type ${JSON.stringify(stream.mediaType)} is not supported; use ${TAR}`);
}

async function copyOut({ data, result }: GuestArchive, peer: WindowedStream, watch: Watch): Promise<void> {
  const source = pull(data);
  for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next()) {
    for (let rest = chunk; rest.length > 0; ) {
      const count = await peer.write(rest);
      watch.moved(count);
      rest = rest.subarray(count);
    }
  }
  await result;
}

async function copyIn({ data, result }: GuestArchive, peer: WindowedStream, watch: Watch): Promise<void> {
  const sink = pull(data);
  for (let bytes = await peer.read(); bytes !== undefined; bytes = await peer.read()) {
    // The guest takes no more: its result tells why.
    if (!(await sink.put(bytes))) break;
    watch.moved(bytes.length);
  }
  sink.end();
  await result;
}
