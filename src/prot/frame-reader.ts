import { ShimError } from "../errors/shim-error.ts";
import { decodeHeader, MESSAGE_HEADER_SIZE, type MessageHeader } from "./header.ts";

export interface Frame {
  readonly header: MessageHeader;
  /** Owned by the receiver. */
  readonly body: Uint8Array;
}

/**
 * Cuts a byte stream into frames. The size is checked as soon as the header is there, before a byte of the body is
 * allocated; a wrong one is fatal, since nothing after it can be trusted.
 */
export class FrameReader {
  readonly #maxSize: number;
  readonly #onFrame: (frame: Frame) => void;
  readonly #headerBytes = new Uint8Array(MESSAGE_HEADER_SIZE);
  #header: MessageHeader | undefined;
  #body = new Uint8Array(0);
  #filled = 0;

  /** `maxSize` in bytes, header included. */
  constructor(maxSize: number, onFrame: (frame: Frame) => void) {
    this.#maxSize = maxSize;
    this.#onFrame = onFrame;
  }

  /**
   * Takes the next bytes and calls `onFrame` for each frame that they complete. Throws data-loss for a size below 16 or
   * above the cap, and what `onFrame` throws; the reader is of no use after that.
   */
  push(chunk: Uint8Array): void {
    let offset = 0;
    while (offset < chunk.byteLength) {
      const target = this.#header === undefined ? this.#headerBytes : this.#body;
      const taken = Math.min(target.byteLength - this.#filled, chunk.byteLength - offset);
      target.set(chunk.subarray(offset, offset + taken), this.#filled);
      offset += taken;
      this.#filled += taken;
      if (this.#filled < target.byteLength) return;
      this.#filled = 0;
      if (this.#header === undefined) this.#startBody(decodeHeader(this.#headerBytes));
      else this.#finish(this.#header, this.#body);
    }
  }

  /** To be called at EOF. Throws data-loss when it falls inside a frame. */
  end(): void {
    if (this.#header !== undefined) {
      const { type, size } = this.#header;
      const missing = size - MESSAGE_HEADER_SIZE - this.#filled;
      throw new ShimError(
        "data-loss",
        `the stream ended inside a frame of type 0x${type.toString(16)}: ${missing} of ${size} bytes are missing`,
      );
    }
    if (this.#filled > 0) {
      throw new ShimError(
        "data-loss",
        `the stream ended inside a frame header: got ${this.#filled} of ${MESSAGE_HEADER_SIZE} bytes`,
      );
    }
  }

  #startBody(header: MessageHeader): void {
    const { type, size } = header;
    if (size < MESSAGE_HEADER_SIZE || size > this.#maxSize) {
      throw new ShimError(
        "data-loss",
        `a frame of type 0x${type.toString(16)} claims ${size} bytes; allowed are ${MESSAGE_HEADER_SIZE} to ${this.#maxSize}`,
      );
    }
    const body = new Uint8Array(size - MESSAGE_HEADER_SIZE);
    if (body.byteLength === 0) {
      this.#finish(header, body);
      return;
    }
    this.#header = header;
    this.#body = body;
  }

  #finish(header: MessageHeader, body: Uint8Array): void {
    this.#header = undefined;
    this.#body = new Uint8Array(0);
    this.#onFrame({ header, body });
  }
}
