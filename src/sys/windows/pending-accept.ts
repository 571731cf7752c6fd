import { loadNative, systemLibrary } from "./ffi.ts";
import { cancel, Overlapped } from "./overlapped.ts";
import { type SocketFamily, socketFamilies } from "./socket-address.ts";
import {
  closeSocket,
  createSocket,
  keepOverSuspend,
  lastError,
  type NativeSocket,
  updateAcceptContext,
} from "./winsock.ts";
import { winsockError } from "./winsock-error.ts";
import { mswsockSignatures, winsockConstants } from "./winsock-signatures.ts";

/** AcceptEx asks for so many bytes more than an address has, of each. */
const ADDRESS_SLACK = 16;
const CANCELLED_LOOK_MS = 10;

let mswsock: ReturnType<typeof load> | undefined;
const load = () => loadNative(systemLibrary("mswsock.dll"), mswsockSignatures);

/**
 * One connection to come: AcceptEx into a socket made beforehand, on which options hold that can't be set later. No thread and
 * no callback wait for it; its owner looks whether it is over.
 */
export class PendingAccept {
  readonly #listening: NativeSocket;
  readonly #socket: NativeSocket;
  readonly #operation: Overlapped;

  /** Throws a SysError where it can't even begin. */
  constructor(listening: NativeSocket, family: SocketFamily) {
    const addressBytes = socketFamilies[family].addressBytes + ADDRESS_SLACK;
    this.#listening = listening;
    this.#socket = createSocket(family);
    if (family === "hyperv") keepOverSuspend(this.#socket);
    // The count of bytes, then both addresses.
    this.#operation = new Overlapped(8 + 2 * addressBytes);
    const { pointer, extra } = this.#operation;
    mswsock ??= load();
    const sizes = [0, addressBytes, addressBytes] as const;
    const done = mswsock.AcceptEx(listening, this.#socket, extra.subarray(8), ...sizes, extra, pointer);
    const error = done === 0 ? lastError() : 0;
    if (error !== 0 && error !== winsockConstants.ERROR_IO_PENDING) {
      closeSocket(this.#socket);
      throw winsockError(error, "AcceptEx");
    }
  }

  get over(): boolean {
    return this.#operation.over;
  }

  /** The connected socket of an accept that is over. Throws where its peer went away before. */
  take(): NativeSocket {
    try {
      if (this.#operation.status !== 0)
        throw winsockError(10053, `AcceptEx (status 0x${this.#operation.status.toString(16)})`);
      updateAcceptContext(this.#socket, this.#listening);
      return this.#socket;
    } catch (error) {
      closeSocket(this.#socket);
      throw error;
    }
  }

  /** Who comes now is turned away. The kernel may write to the operation's memory until it is over. */
  cancel(): void {
    cancel(this.#listening, this.#operation);
    const look = (): void => {
      if (this.over) closeSocket(this.#socket);
      else setTimeout(look, CANCELLED_LOOK_MS);
    };
    look();
  }
}
