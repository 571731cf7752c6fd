import { close } from "../../sys/libc.ts";
import { receiveFds, sendFds } from "../../sys/libc-socket.ts";
import { whenReady } from "../../sys/signal-poller.ts";
import type { FdRegistry } from "./registry.ts";

/** "FD" between a byte that tells the protocol from ttrpc and gRPC and its revision. */
const MAGIC = Uint8Array.of(0xfd, 0x46, 0x44, 0x01);
const HANDSHAKE_BYTES = 8;
const opcodes = { register: 1, deregister: 2 } as const;
const status = { ok: 0, failed: 1 } as const;
/** More than one is refused; these are still told so, and more than these hung up on. */
const MAX_FDS = 8;

/** What it sent can't be read, or it has hung up: the connection is over. */
const OVER = new Error("the connection is over");

/**
 * One client of OpenVMM's fd-passing protocol (revision 1), until it hangs up; the socket is taken over. Each request is
 * answered before the next is read. Never rejects.
 */
export async function serveFds(
  socket: number,
  registry: FdRegistry,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const owner = {};
  const input = new Input(socket, options.signal);
  try {
    const hello = await input.take(HANDSHAKE_BYTES);
    if (input.fds.length > 0 || MAGIC.some((byte, i) => hello[i] !== byte)) throw OVER;
    send(socket, Uint8Array.of(...MAGIC, 0, 0, 0, 0));
    for (;;) {
      const [opcode = 0, length = 0] = await input.take(2);
      const name = textOf(await input.take(length));
      if (opcode !== opcodes.register && opcode !== opcodes.deregister) throw OVER;
      answer(socket, request(opcode, name, input.fds, owner, registry));
      input.closeFds();
    }
  } catch {
    // Whatever it was: the client finds the connection closed, as the protocol has it.
  } finally {
    input.closeFds();
    registry.forget(owner);
    close(socket);
  }
}

/** Why it failed; undefined where it did not. Takes what it keeps out of `fds`. */
function request(
  opcode: 1 | 2,
  name: string | undefined,
  fds: number[],
  owner: object,
  registry: FdRegistry,
): string | undefined {
  if (name === undefined || name === "") return "the name is empty or not UTF-8";
  if (opcode === opcodes.deregister) {
    if (fds.length > 0) return "a descriptor came with a name that is to go";
    return registry.deregister(name, owner) ? undefined : `this connection has not registered ${name}`;
  }
  const [fd] = fds;
  if (fd === undefined || fds.length > 1) return `${fds.length} descriptors came with ${name}, not one`;
  if (!registry.register(name, fd, owner)) return `${name} is registered`;
  fds.length = 0;
  return undefined;
}

/** Exactly so many bytes, and the descriptors that come along. */
class Input {
  readonly fds: number[] = [];
  readonly #socket: number;
  readonly #signal: AbortSignal;

  constructor(socket: number, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
  }

  async take(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; ) {
      await whenReady(this.#socket, "readable", { signal: this.#signal });
      const message = receiveFds(this.#socket, count - at, MAX_FDS);
      if (message === undefined) continue;
      this.fds.push(...message.fds);
      if (message.bytes.length === 0) throw OVER;
      bytes.set(message.bytes, at);
      at += message.bytes.length;
    }
    return bytes;
  }

  closeFds(): void {
    for (const fd of this.fds.splice(0)) close(fd);
  }
}

function answer(socket: number, failure: string | undefined): void {
  const words = new TextEncoder().encode(failure ?? "");
  const head = Uint8Array.of(failure === undefined ? status.ok : status.failed, words.length & 0xff, words.length >> 8);
  send(socket, Uint8Array.of(...head, ...words));
}

/** A client reads each answer before it asks again: one whose socket is full keeps no such rule. */
function send(socket: number, bytes: Uint8Array): void {
  if (!sendFds(socket, bytes, [])) throw OVER;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
