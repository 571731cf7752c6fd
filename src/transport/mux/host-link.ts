import { failedPrecondition, ShimError } from "../../errors/shim-error.ts";
import { type FramingError, flushBytes } from "./frame.ts";
import { encodeHello, type Hello, helloKinds, NO_NONCE, randomHex, sessionAnswers } from "./hello.ts";
import { HELLO_RETRY_MAX_MS, HELLO_RETRY_MS, MAX_FRUITLESS_HELLOS, MAX_SKIPPED, MUX_VERSION } from "./limits.ts";
import { Link, type LinkOwner, type LinkState } from "./link.ts";
import { Replay } from "./replay.ts";

/** The end that begins every handshake: it is the one that may be a new process with an old session. */
export class HostLink extends Link {
  #nonce = NO_NONCE;
  #retry: NodeJS.Timeout | undefined;
  #fruitless = 0;

  /** `state` continues a saved session. */
  constructor(owner: LinkOwner, state?: LinkState) {
    super(owner);
    if (state === undefined) {
      this.session = randomHex(16);
      return;
    }
    this.session = state.session;
    this.received = state.received;
    this.replay = new Replay(
      state.acknowledged,
      state.frames.map(({ type, channel, payload }) => ({ type, channel, payload: Buffer.from(payload, "base64") })),
    );
  }

  protected override onAttached(): void {
    this.#fruitless = 0;
    this.#greet();
  }

  protected override onDetached(): void {
    clearTimeout(this.#retry);
  }

  protected override onProgress(): void {
    this.#fruitless = 0;
  }

  protected override onSkipped(): void {
    if (this.reader.skipped <= MAX_SKIPPED) return;
    throw new ShimError(
      "data-loss",
      `the guest sent ${this.reader.skipped} bytes and no answer to the hello among them`,
    );
  }

  /** This carrier is ours from its first byte: only a guest that misbehaves can send such bytes. */
  protected override onFramingLost(error: FramingError): void {
    throw new ShimError("data-loss", `the guest sent what is no frame: ${error.message}`, { cause: error });
  }

  protected override onHello(hello: Hello): void {
    const { kind, hostNonce } = hello;
    if (this.isHunting) {
      // Anything else is left over from before this carrier, or the guest's wish for the SYN that is under way.
      if (kind === helloKinds.synAck && hostNonce === this.#nonce) this.#answered(hello);
      return;
    }
    if (kind === helloKinds.ask) {
      this.hunt();
      this.#greet();
      return;
    }
    // Answers to the repetitions of our SYN.
    if (kind === helloKinds.synAck && hostNonce === this.#nonce) return;
    throw new ShimError("data-loss", `the guest sent a hello of kind ${kind} in the middle of a session`);
  }

  #greet(): void {
    if (++this.#fruitless > MAX_FRUITLESS_HELLOS) {
      throw new ShimError(
        "resource-exhausted",
        `the guest asked for ${this.#fruitless} handshakes and sent no frame between them`,
      );
    }
    this.#nonce = randomHex(8);
    this.#sendSyn(HELLO_RETRY_MS);
  }

  /** Until it is answered: a guest that opens its port late may lose what waited there. */
  #sendSyn(retryMs: number): void {
    // What the carrier has not even taken need not be said again.
    if (!this.isBlocked && !this.suspended) {
      this.write(flushBytes());
      this.write(
        encodeHello({
          kind: helloKinds.syn,
          session: this.session,
          hostNonce: this.#nonce,
          received: this.received,
        }),
      );
    }
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#sendSyn(Math.min(retryMs * 2, HELLO_RETRY_MAX_MS)), retryMs);
  }

  #answered({ version, answer, received, guestNonce }: Hello): void {
    if (version !== MUX_VERSION) {
      throw failedPrecondition(
        `the guest speaks version ${version} of the guest channel; this host speaks ${MUX_VERSION}: use the image of this release`,
      );
    }
    if (answer === sessionAnswers.fresh) {
      // Right for a session that never got anywhere; otherwise the guest's end is another one than we talked to.
      if (this.received > 0 || this.replay.base > 0) {
        throw new ShimError(
          "data-loss",
          "the guest does not know the session that this host continues; it was restarted, or the saved state is not of this guest",
        );
      }
    } else if (answer !== sessionAnswers.resumed) {
      throw new ShimError("data-loss", `the guest answered the hello with ${answer}`);
    }
    if (!this.replay.rewind(received)) {
      throw new ShimError(
        "data-loss",
        `the guest says that it got ${received} frames; possible are ${this.replay.base} to ${this.replay.base + this.replay.frames.length}: the saved state is not of this moment of the guest`,
      );
    }
    clearTimeout(this.#retry);
    this.write(encodeHello({ kind: helloKinds.go, session: this.session, hostNonce: this.#nonce, guestNonce }));
    this.goUp();
  }
}
