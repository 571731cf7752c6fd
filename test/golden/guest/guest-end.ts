import assert from "node:assert/strict";
import type { GuestOptions } from "../../../src/guestmanager/bridge-guest.ts";
import type { ConnectOptions, Guest } from "../../../src/guestmanager/guest.ts";
import { FrameReader } from "../../../src/prot/frame-reader.ts";
import { encodeFrame } from "../../../src/prot/header.ts";
import type { ByteStream } from "../../../src/sys/byte-stream.ts";
import { turns } from "../../../src/transport/byte-stream-suite.ts";
import { createMemorySockets } from "../../../src/transport/memory.ts";
import type { GuestConnection } from "../../../src/transport/sockets.ts";

const BRIDGE_PORT = 0x4000_0000;
const RESPONSE = 0x1000_0000;
const NEGOTIATE = 0x10100b01;
const EXECUTE = 0x10100501;
const WAIT = 0x10100601;
const PORTS = /(?:"Std(?:In|Out|Err)":"?)([0-9a-f]+)/g;

type AnyGuest = Pick<Guest<never>, "prepareConnection" | "createConnection" | "closeConnection" | "disconnected">;

/**
 * The guest's end of a bridge as text: it keeps each request as it came and answers what hcsshim's guests would, members of
 * `says` standing for others. WaitForProcess stays open, but for a process that has been told to end (`exit`).
 */
export class GuestEnd {
  readonly requests: [type: number, body: string][] = [];
  /** Members of an answer, by request type. */
  readonly answers = new Map<number, object | string>();
  readonly sockets = createMemorySockets();
  /** Streams that were dialled for processes, in the order of their ports' numbers in the request. */
  readonly dialled: ByteStream[] = [];
  readonly #capabilities: object;
  readonly #waits: bigint[] = [];
  #stream: ByteStream | undefined;
  #guest: AnyGuest | undefined;

  constructor(capabilities: object) {
    this.#capabilities = capabilities;
    this.answers.set(EXECUTE, { ProcessId: 7 });
  }

  async connect<G extends AnyGuest>(create: (options: GuestOptions) => G, options?: ConnectOptions): Promise<G> {
    const guest = create({ sockets: { listen: this.sockets.host.listen }, requestTimeoutMs: 60_000 });
    this.#guest = guest;
    guest.prepareConnection();
    const stream = streamOf(await this.sockets.guest.dial(BRIDGE_PORT));
    this.#stream = stream;
    const reader = new FrameReader(0xffff_ffff, ({ header: { type, id }, body }) => {
      const text = Buffer.from(body).toString();
      this.requests.push([type, text]);
      void this.#answer(type, id, text);
    });
    stream.open({ data: (chunk) => reader.push(chunk), end: () => stream.end(), drain() {}, close() {} });
    await guest.createConnection(options);
    return guest;
  }

  /** Resolves once a process is waited for. */
  async waitedFor(): Promise<void> {
    while (this.#waits.length === 0) await turns(1);
  }

  /** Ends all processes. */
  exit(code: number): void {
    for (const id of this.#waits.splice(0)) this.#send(WAIT, id, { ExitCode: code });
  }

  /** Of a type that is not a request's, too. */
  sendRaw(type: number, id: bigint, body: string): void {
    this.#stream?.write(encodeFrame(type, id, Buffer.from(body)));
  }

  async close(): Promise<void> {
    for (const stream of this.dialled) stream.destroy();
    this.#guest?.closeConnection();
    assert.equal(await this.#guest?.disconnected, undefined);
  }

  async #answer(type: number, id: bigint, text: string): Promise<void> {
    if (type === WAIT) {
      this.#waits.push(id);
      return;
    }
    if (type === NEGOTIATE) {
      this.#send(type, id, this.answers.get(type) ?? { Version: 4, Capabilities: this.#capabilities });
      return;
    }
    if (type === EXECUTE) {
      for (const [, port] of text.slice(text.indexOf("RelaySettings")).matchAll(PORTS)) {
        const number = text.includes("VsockStdio") ? Number(port) : Number.parseInt(port ?? "", 16);
        this.dialled.push(streamOf(await this.sockets.guest.dial(number)));
      }
    }
    this.#send(type, id, this.answers.get(type) ?? {});
  }

  #send(type: number, id: bigint, members: object | string): void {
    this.sendRaw(
      type + RESPONSE,
      id,
      typeof members === "string" ? members : JSON.stringify({ Result: 0, ...members }),
    );
  }
}

export function streamOf(connection: GuestConnection): ByteStream {
  if (connection.kind !== "stream") throw new Error("wanted a stream");
  return connection.stream;
}
