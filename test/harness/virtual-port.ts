import type { ByteStream } from "../../src/sys/byte-stream.ts";
import { memoryStreamPair } from "../../src/transport/memory-stream.ts";

type Direction = "toGuest" | "toHost";

/**
 * A virtio-serial port with a socket behind it, as QEMU has them (measured there): one host at a time; bytes for the
 * guest wait until it opens the port; bytes of the guest are dropped while no host is connected; a host that leaves and
 * one that comes soon after are not seen by the guest at all. A break loses what is in flight, at any byte.
 */
export class VirtualPort {
  #guest: ByteStream | undefined;
  #host: ByteStream | undefined;
  #held: Uint8Array[] = [];
  #left: Record<Direction, number> = { toGuest: Number.POSITIVE_INFINITY, toHost: Number.POSITIVE_INFINITY };
  #cut: (chunk: Uint8Array) => readonly Uint8Array[] = (chunk) => [chunk];
  #frozen = false;
  /** Bytes that passed, by direction. */
  readonly passed: Record<Direction, number> = { toGuest: 0, toHost: 0 };

  /** How chunks arrive: cut as the function says. */
  cutWith(cut: (chunk: Uint8Array) => readonly Uint8Array[]): void {
    this.#cut = cut;
  }

  /** The guest's file: one at a time, an earlier one is closed. */
  openGuest(): ByteStream {
    this.#guest?.destroy();
    const [near, far] = memoryStreamPair();
    this.#guest = near;
    this.#join(near, "toHost", () => {
      if (this.#guest === near) this.#guest = undefined;
    });
    if (this.#frozen) near.pause();
    for (const chunk of this.#held.splice(0)) near.write(chunk);
    this.#flow();
    return far;
  }

  /** The host's socket: one at a time, an earlier one is closed. */
  connectHost(): ByteStream {
    this.disconnectHost();
    const [near, far] = memoryStreamPair();
    this.#host = near;
    this.#join(near, "toGuest", () => {
      if (this.#host === near) this.#host = undefined;
    });
    if (this.#frozen) near.pause();
    return far;
  }

  /** Loses what is in flight. The guest reads EOF only if it is to see it. */
  disconnectHost(options?: { readonly eof?: boolean }): void {
    const host = this.#host;
    this.#host = undefined;
    host?.destroy();
    this.#left = { toGuest: Number.POSITIVE_INFINITY, toHost: Number.POSITIVE_INFINITY };
    if (options?.eof) this.#guest?.end();
    this.#flow();
  }

  /** The host is cut off after so many more bytes in this direction; 0 at the next byte. */
  breakAfter(direction: Direction, bytes: number): void {
    this.#left[direction] = bytes;
  }

  /** Nothing passes in either direction (the virtual CPUs are stopped). */
  freeze(): void {
    this.#frozen = true;
    this.#guest?.pause();
    this.#host?.pause();
  }

  thaw(): void {
    this.#frozen = false;
    this.#guest?.resume();
    this.#host?.resume();
  }

  /** Bytes from nowhere. */
  inject(direction: Direction, bytes: Uint8Array): void {
    (direction === "toGuest" ? this.#guest : this.#host)?.write(bytes);
  }

  close(): void {
    this.disconnectHost();
    this.#guest?.destroy();
  }

  /** One end is another: whoever waited for the former to take more would wait for good. */
  #flow(): void {
    if (this.#frozen) return;
    this.#guest?.resume();
    this.#host?.resume();
  }

  #join(near: ByteStream, direction: Direction, gone: () => void): void {
    near.open({
      data: (chunk) => {
        for (const part of this.#cut(chunk)) this.#pass(near, direction, part);
      },
      end: () => near.destroy(),
      drain: () => {
        if (!this.#frozen) this.#other(direction)?.resume();
      },
      close: gone,
    });
  }

  #other(direction: Direction): ByteStream | undefined {
    return direction === "toGuest" ? this.#guest : this.#host;
  }

  #pass(near: ByteStream, direction: Direction, chunk: Uint8Array): void {
    if (near !== (direction === "toGuest" ? this.#host : this.#guest)) return;
    const left = this.#left[direction];
    const part = chunk.slice(0, left);
    this.#left[direction] = left - part.byteLength;
    this.passed[direction] += part.byteLength;
    const target = this.#other(direction);
    if (target === undefined) {
      if (direction === "toGuest") this.#held.push(part);
    } else if (!target.write(part)) {
      near.pause();
    }
    if (part.byteLength < chunk.byteLength) this.disconnectHost();
  }
}
