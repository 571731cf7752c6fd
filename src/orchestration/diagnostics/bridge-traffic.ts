import type { BridgeMessage, BridgeTap } from "../../guestmanager/bridge/tap.ts";
import { messageName } from "../../prot/message-identifier.ts";
import { bodyText } from "./body-text.ts";
import { Feed } from "./feed.ts";
import type { BridgeTold, BridgeWanted, Told } from "./ports.ts";

/** About what a message costs without its body. */
const MESSAGE_BYTES = 200;

/** Listens in on the bridge of a pod's VM, for as many as ask and while they do. */
export class BridgeTraffic implements BridgeTap {
  readonly #listeners = new Set<(message: BridgeMessage) => void>();

  get active(): boolean {
    return this.#listeners.size > 0;
  }

  message(message: BridgeMessage): void {
    for (const tell of this.#listeners) tell(message);
  }

  /** Listens from the call on; ends as the signal aborts. */
  listen({ bodies, secrets }: BridgeWanted, signal: AbortSignal): AsyncIterable<Told<BridgeTold>> {
    const feed = new Feed<Omit<BridgeMessage, "body"> & { readonly body?: Uint8Array }>();
    const listener = ({ body, ...message }: BridgeMessage): void => {
      feed.push(bodies ? { ...message, body } : message, MESSAGE_BYTES + (bodies ? body.byteLength : 0));
    };
    const stop = (): void => {
      this.#listeners.delete(listener);
      feed.end(signal.reason);
    };
    if (signal.aborted) stop();
    else {
      this.#listeners.add(listener);
      signal.addEventListener("abort", stop, { once: true });
    }
    return this.#told(feed, secrets);
  }

  async *#told(
    feed: Feed<Omit<BridgeMessage, "body"> & { readonly body?: Uint8Array }>,
    secrets: boolean,
  ): AsyncGenerator<Told<BridgeTold>> {
    // A body is made readable at its reader's pace, not the bridge's.
    for await (const { item, lost } of feed.read()) {
      const { body, ...message } = item;
      const text = body && { body: bodyText(body, secrets) };
      yield { item: { ...message, name: messageName(message.type), ...text }, lost };
    }
  }
}
