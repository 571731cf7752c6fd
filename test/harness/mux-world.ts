import assert from "node:assert/strict";
import type { ByteStream } from "../../src/sys/byte-stream.ts";
import { StreamRecorder, turns } from "../../src/transport/byte-stream-suite.ts";
import { GuestMux } from "../../src/transport/mux/guest-mux.ts";
import { HostMux } from "../../src/transport/mux/host-mux.ts";
import type { MuxState } from "../../src/transport/mux/state.ts";
import { VirtualPort } from "./virtual-port.ts";

const BRIDGE = 0x40000000;

/** A host and a guest over a port that breaks; the host comes back each time. */
export class World {
  readonly port = new VirtualPort();
  readonly guest = new GuestMux();
  host: HostMux;
  breaks = 0;
  #over = false;

  constructor(state?: unknown) {
    this.host = new HostMux(state);
    void this.#serveGuest();
    void this.#serveHost(this.host);
  }

  close(): void {
    this.#over = true;
    this.host.destroy();
    this.guest.destroy();
    this.port.close();
  }

  async connect(port = BRIDGE): Promise<{ hostEnd: ByteStream; guestEnd: ByteStream }> {
    const listener = this.host.sockets.listen(port);
    const [hostEnd, dialled] = await Promise.all([listener.accept(), this.guest.sockets.dial(port)]);
    listener.close();
    if (dialled.kind !== "stream") throw new Error("the mux knows streams only");
    return { hostEnd, guestEnd: dialled.stream };
  }

  /** Stops the guest, saves the host's end, and goes on with another host that knows only the JSON. */
  saveAndRestore(): MuxState {
    this.port.freeze();
    this.host.suspend();
    const text = JSON.stringify(this.host.saveState());
    const former = this.host;
    this.port.disconnectHost();
    former.destroy();
    this.host = new HostMux(JSON.parse(text));
    this.port.thaw();
    void this.#serveHost(this.host);
    return JSON.parse(text);
  }

  /** A host that knows nothing of the session. */
  replaceHost(): void {
    this.port.disconnectHost();
    this.host.destroy();
    this.host = new HostMux();
    void this.#serveHost(this.host);
  }

  async #serveHost(host: HostMux): Promise<void> {
    let ended = false;
    void host.ended.then(() => {
      ended = true;
    });
    while (!this.#over && !ended && this.host === host) {
      await host.attach(this.port.connectHost());
      this.breaks++;
      await turns(1);
    }
  }

  /** As a guest has to: a port that reads EOF is opened again. */
  async #serveGuest(): Promise<void> {
    while (!this.#over) {
      await this.guest.attach(this.port.openGuest());
      await turns(1);
    }
  }
}

/** Bytes that show where they come from: any loss, doubling or swap changes them. */
export function pattern(seed: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (seed * 31 + i * 7 + (i >> 8)) % 256);
}

/** A few frames in both directions, then both ends; what each end must have seen is asserted. */
export async function converse(pair: { hostEnd: ByteStream; guestEnd: ByteStream }): Promise<void> {
  const atHost = new StreamRecorder(pair.hostEnd);
  const atGuest = new StreamRecorder(pair.guestEnd);
  for (let i = 0; i < 3; i++) {
    pair.hostEnd.write(pattern(i, 5 + i));
    await atGuest.until(() => atGuest.bytes().byteLength >= 5 + i);
    pair.guestEnd.write(pattern(10 + i, 9));
    pair.guestEnd.write(pattern(20 + i, 9));
    await turns(1);
  }
  pair.guestEnd.end();
  await atHost.seen("end");
  pair.hostEnd.end();
  await atHost.seen("close");
  await atGuest.seen("close");
  const sent = [0, 1, 2].flatMap((i) => [pattern(10 + i, 9), pattern(20 + i, 9)]);
  assert.ok(atHost.bytes().equals(Buffer.concat(sent)));
  assert.ok(atGuest.bytes().equals(Buffer.concat([0, 1, 2].map((i) => pattern(i, 5 + i)))));
  assert.deepEqual([atHost.closeError, atGuest.closeError], [undefined, undefined]);
}

/** One channel with what was sent and received at each end, across restores of the host. */
export class Lane {
  readonly port: number;
  #hostEnd: ByteStream;
  readonly #guestEnd: ByteStream;
  readonly #sent = { toHost: [] as Uint8Array[], toGuest: [] as Uint8Array[] };
  readonly #got = { toHost: [] as Uint8Array[], toGuest: [] as Uint8Array[] };
  readonly #ends = { toHost: 0, toGuest: 0 };
  #changed: () => void = () => undefined;
  #seed = 0;

  constructor(pair: { hostEnd: ByteStream; guestEnd: ByteStream }) {
    this.#hostEnd = pair.hostEnd;
    this.#guestEnd = pair.guestEnd;
    this.port = "port" in pair.hostEnd && typeof pair.hostEnd.port === "number" ? pair.hostEnd.port : 0;
    this.#openHostEnd();
    this.#open(this.#guestEnd, "toGuest", () => true);
  }

  claim(host: HostMux): void {
    const found = host.restored.find(({ port }) => port === this.port);
    assert.ok(found !== undefined, `the channel of port ${this.port} was not restored`);
    this.#hostEnd = found.stream;
    this.#openHostEnd();
  }

  write(toHost: boolean, length: number): void {
    const chunk = pattern(this.#seed++, length);
    this.#sent[toHost ? "toHost" : "toGuest"].push(chunk.slice());
    (toHost ? this.#guestEnd : this.#hostEnd).write(chunk);
  }

  pause(toHost: boolean): void {
    (toHost ? this.#hostEnd : this.#guestEnd).pause();
  }

  resume(toHost: boolean): void {
    (toHost ? this.#hostEnd : this.#guestEnd).resume();
  }

  async finish(): Promise<void> {
    this.resume(true);
    this.resume(false);
    this.#guestEnd.end();
    this.#hostEnd.end();
    while (this.#ends.toHost === 0 || this.#ends.toGuest === 0) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    for (const direction of ["toHost", "toGuest"] as const) {
      const [got, sent] = [Buffer.concat(this.#got[direction]), Buffer.concat(this.#sent[direction])];
      assert.equal(got.byteLength, sent.byteLength, direction);
      assert.ok(got.equals(sent), direction);
      assert.equal(this.#ends[direction], 1);
    }
  }

  #openHostEnd(): void {
    const mine = this.#hostEnd;
    this.#open(mine, "toHost", () => this.#hostEnd === mine);
  }

  #open(stream: ByteStream, direction: "toHost" | "toGuest", current: () => boolean): void {
    stream.open({
      data: (chunk) => {
        assert.ok(current(), "a suspended host delivered data");
        this.#got[direction].push(chunk);
      },
      end: () => {
        assert.ok(current(), "a suspended host delivered an end");
        this.#ends[direction]++;
        this.#changed();
      },
      drain: () => undefined,
      close: () => undefined,
    });
  }
}
