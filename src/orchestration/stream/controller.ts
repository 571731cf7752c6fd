import { alreadyExists, invalidArgument, notFound, ShimError, unavailable } from "../../errors/shim-error.ts";
import type { StreamClaim, StreamPeer, StreamSource } from "../../stdio/streams.ts";
import { type Deferred, deferred } from "../deadline.ts";
import { Machine } from "../state-table.ts";
import { type StreamCarrier, type StreamLimits, type Streams, streamLimits } from "./ports.ts";
import { type StreamState, streamStates } from "./state.ts";
import { WindowedStream } from "./windowed-stream.ts";

/** An id is a key of ours and stands in messages; containerd's are a container's id and a word. */
const MAX_ID = 1024;

/** The streams that clients open on the shim's socket, and who serves them; either may come first. */
export class StreamController implements Streams, StreamSource {
  readonly socketPath: string;
  readonly #limits: StreamLimits;
  readonly #streams = new Map<string, Stream>();
  #closed = false;

  constructor(socketPath: string, limits: Partial<StreamLimits> = {}) {
    this.socketPath = socketPath;
    this.#limits = { ...streamLimits, ...limits };
  }

  attach(id: string, carrier: StreamCarrier): { readonly over: Promise<void> } {
    if (!this.#streams.has(id)) this.#checkRoom(id);
    return this.#get(id, "open").attach(carrier, this.#limits.unclaimed);
  }

  claim(id: string): StreamClaim {
    const before = this.#streams.get(id);
    if (before?.lingers === true) before.release();
    const stream = this.#get(id, "claim");
    stream.claim();
    return stream;
  }

  /** The stream of a client that is there, for this one use of it. not-found where it is not, already-exists where it is used. */
  take(id: string): WindowedStream {
    const stream = this.#streams.get(id);
    if (stream === undefined) throw notFound(`stream ${id} does not exist; cannot use it: open it first`);
    const peer = stream.claim();
    if (peer === undefined) throw notFound(`stream ${id} has no client; cannot use it`);
    void peer.over.catch(() => {}).finally(() => stream.release());
    return peer;
  }

  /** Ids that are open or served. */
  get size(): number {
    return this.#streams.size;
  }

  has(id: string): boolean {
    return this.#streams.has(id);
  }

  /** Ends all of them; no new ones. */
  close(): void {
    this.#closed = true;
    for (const stream of [...this.#streams.values()]) stream.release();
  }

  #checkRoom(id: string): void {
    const waiting = [...this.#streams.values()].filter((each) => each.waits).length;
    if (waiting < this.#limits.waiting) return;
    throw new ShimError("resource-exhausted", `${waiting} streams wait to be served; cannot open stream ${id}`);
  }

  #get(id: string, verb: string): Stream {
    if (this.#closed) throw unavailable(`the daemon leaves; cannot ${verb} stream ${id}`);
    if (id === "" || id.length > MAX_ID) {
      throw invalidArgument(`a stream's id of ${id.length} characters; cannot ${verb} it: give 1 to ${MAX_ID}`);
    }
    let stream = this.#streams.get(id);
    if (stream === undefined) {
      stream = new Stream(id, () => this.#streams.delete(id));
      this.#streams.set(id, stream);
    }
    return stream;
  }
}

/** One id. */
class Stream implements StreamClaim {
  readonly #machine: Machine<typeof streamStates, StreamState>;
  readonly #forget: () => void;
  #next: Deferred<StreamPeer> = deferred();
  #expiry: ReturnType<typeof setTimeout> | undefined;
  lingers = false;

  constructor(id: string, forget: () => void) {
    this.#machine = new Machine<typeof streamStates, StreamState>(streamStates, id, { name: "new" });
    this.#forget = forget;
  }

  get waits(): boolean {
    return this.#machine.is("waiting");
  }

  get attached(): boolean {
    return this.#machine.is("joined");
  }

  attach(carrier: StreamCarrier, unclaimedMs: number): { readonly over: Promise<void> } {
    const { id } = this.#machine;
    if (!this.#machine.allows("attach")) throw alreadyExists(`stream ${id} has a client already; cannot open it twice`);
    const peer: WindowedStream = new WindowedStream(id, carrier, () => this.#left(peer));
    if (this.#machine.transition("attach", { name: "joined", peer })) {
      this.#next.resolve(peer);
    } else {
      this.#machine.begin("attach", { name: "waiting", peer });
      this.#expiry = setTimeout(() => {
        const problem = `stream ${id} was served by nobody for ${unclaimedMs / 1000} s; it is closed`;
        peer.finish(new ShimError("deadline-exceeded", problem));
      }, unclaimedMs);
      this.#expiry.unref();
    }
    peer.start();
    return peer;
  }

  /** Its client, if it has one yet. */
  claim(): WindowedStream | undefined {
    const { id, state } = this.#machine;
    if (!this.#machine.allows("claim")) throw alreadyExists(`stream ${id} is served already; cannot serve it twice`);
    clearTimeout(this.#expiry);
    if (state.name !== "waiting") {
      this.#machine.begin("claim", { name: "expected" });
      return undefined;
    }
    const { peer } = state;
    this.#machine.begin("claim", { name: "joined", peer });
    this.#next.resolve(peer);
    return peer;
  }

  linger(): void {
    this.lingers = true;
  }

  peer(): Promise<StreamPeer> {
    return this.#next.promise;
  }

  release(): void {
    const { id, state } = this.#machine;
    this.#machine.begin("release", { name: "gone" });
    clearTimeout(this.#expiry);
    if (state.name !== "gone") this.#forget();
    const released = new ShimError("canceled", `stream ${id} is released`);
    if (state.name !== "joined") this.#next.reject(released);
    else this.#next = rejected(released);
    if ("peer" in state) state.peer.finish();
  }

  #left(peer: WindowedStream): void {
    const { state } = this.#machine;
    if (!("peer" in state) || state.peer !== peer) return;
    clearTimeout(this.#expiry);
    if (this.#machine.transition("left", { name: "expected" })) this.#next = deferred();
    else if (this.#machine.transition("left", { name: "gone" })) this.#forget();
  }
}

function rejected(reason: Error): Deferred<StreamPeer> {
  const next = deferred<StreamPeer>();
  next.reject(reason);
  return next;
}
