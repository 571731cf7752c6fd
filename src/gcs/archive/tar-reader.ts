import { invalidArgument, ShimError } from "../../errors/shim-error.ts";
import { BLOCK, decodeHeader, decodePax, entryOf, paddingOf, type TarEntry } from "./tar-format.ts";

/** What describes an entry beside its header: names, attributes; all of it together. */
const MAX_DESCRIPTION = 1 << 20;
const MAX_NAME = 64 << 10;

export interface ByteSource {
  next(): Promise<Uint8Array | undefined>;
}

/** Reads an archive from a stream, an entry and a chunk at a time. */
export class TarReader {
  readonly #source: ByteSource;
  #chunk: Uint8Array = new Uint8Array();
  /** Of the entry's content, and the padding behind it. */
  #left = 0;
  #padding = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /**
   * The next entry, once the one before it was read or not; undefined at the archive's end, and only there. Throws
   * invalid-argument (no archive), data-loss (it ends early), unimplemented (an entry of an unknown kind).
   */
  async next(): Promise<TarEntry | undefined> {
    const pax = new Map<string, string>();
    let room = MAX_DESCRIPTION;
    for (;;) {
      await this.#skip();
      const header = decodeHeader(await this.#exactly(BLOCK));
      if (header === undefined) {
        await this.#drain();
        return undefined;
      }
      const body = (most: number): Promise<Buffer> => {
        const allowed = Math.min(most, room);
        // One of no length takes its header's time all the same.
        room -= header.size + BLOCK;
        return this.#description(header.size, allowed);
      };
      switch (header.flag) {
        case "x":
          for (const [key, value] of decodePax(await body(MAX_DESCRIPTION))) pax.set(key, value);
          break;
        case "g":
          await body(MAX_DESCRIPTION);
          break;
        case "L":
          pax.set("path", untilNul(await body(MAX_NAME)));
          break;
        case "K":
          pax.set("linkpath", untilNul(await body(MAX_NAME)));
          break;
        default: {
          const entry = entryOf(header, pax);
          this.#left = entry.size;
          this.#padding = paddingOf(entry.size);
          return entry;
        }
      }
    }
  }

  /** The next part of the entry's content; undefined at its end. */
  async content(): Promise<Uint8Array | undefined> {
    if (this.#left === 0) return undefined;
    const part = await this.#some(this.#left);
    this.#left -= part.length;
    return part;
  }

  async #skip(): Promise<void> {
    while ((await this.content()) !== undefined);
    await this.#exactly(this.#padding);
    this.#padding = 0;
  }

  async #description(size: number, most: number): Promise<Buffer> {
    if (size > most) throw invalidArgument(`the archive has a header of ${size} bytes; at most ${most} are read`);
    const body = await this.#exactly(size);
    await this.#exactly(paddingOf(size));
    return body;
  }

  async #exactly(count: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for (let left = count; left > 0; ) {
      const part = await this.#some(left);
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts, count);
  }

  async #some(most: number): Promise<Uint8Array> {
    while (this.#chunk.length === 0) {
      const chunk = await this.#source.next();
      if (chunk === undefined) throw new ShimError("data-loss", "the archive ends early; what came of it is unpacked");
      this.#chunk = chunk;
    }
    const part = this.#chunk.subarray(0, most);
    this.#chunk = this.#chunk.subarray(part.length);
    return part;
  }

  /** What a tar pads its archive with. */
  async #drain(): Promise<void> {
    while ((await this.#source.next()) !== undefined);
  }
}

function untilNul(body: Buffer): string {
  const text = body.toString("latin1");
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}
