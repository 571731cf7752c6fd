import type { FramingError } from "./frame.ts";
import { encodeHello, type Hello, helloKinds, randomHex, sessionAnswers } from "./hello.ts";
import { Link } from "./link.ts";
import { Replay } from "./replay.ts";

/**
 * The end that answers. It may see no break at all: a host that leaves and another that comes within milliseconds look
 * like one carrier, with a cut frame and a flush in the middle.
 */
export class GuestLink extends Link {
  /** The SYN that was answered last; a GO that matches it makes it true. */
  #offer: { readonly hello: Hello; readonly guestNonce: string; readonly answer: number } | undefined;

  protected override onAttached(): void {
    this.#ask();
  }

  protected override onDetached(): void {
    this.#offer = undefined;
  }

  /** A host has left in the middle of a frame. The next one is here already, or a new carrier will bring it. */
  protected override onFramingLost(_error: FramingError): void {
    this.hunt();
    this.#ask();
  }

  protected override onHello(hello: Hello): void {
    switch (hello.kind) {
      case helloKinds.syn:
        if (this.isUp) this.hunt();
        this.#answer(hello);
        break;
      case helloKinds.go:
        if (this.isHunting) this.#go(hello);
        break;
      default:
      // Stale bytes that look like a hello.
    }
  }

  #ask(): void {
    this.write(encodeHello({ kind: helloKinds.ask }));
  }

  #answer(hello: Hello): void {
    const { session, hostNonce, received } = hello;
    const repeated = this.#offer?.hello.hostNonce === hostNonce ? this.#offer.guestNonce : undefined;
    const guestNonce = repeated ?? randomHex(8);
    const { base, frames } = this.replay;
    const known = session === this.session && received >= base && received <= base + frames.length;
    const answer = known ? sessionAnswers.resumed : sessionAnswers.fresh;
    this.#offer = { hello, guestNonce, answer };
    this.write(
      encodeHello({
        kind: helloKinds.synAck,
        answer,
        session,
        hostNonce,
        guestNonce,
        received: known ? this.received : 0,
      }),
    );
  }

  /** Only who saw our nonce can send this: bytes left over from an earlier carrier can't. */
  #go({ hostNonce, guestNonce }: Hello): void {
    const offer = this.#offer;
    if (offer === undefined || hostNonce !== offer.hello.hostNonce || guestNonce !== offer.guestNonce) return;
    this.#offer = undefined;
    if (offer.answer === sessionAnswers.resumed) {
      this.replay.rewind(offer.hello.received);
    } else {
      this.session = offer.hello.session;
      this.received = 0;
      this.replay = new Replay();
      this.owner.restarted();
    }
    this.goUp();
  }
}
