/** Version of the wire, told in every hello (docs/guest-channel.md). */
export const MUX_VERSION = 1;

/** Payload of one frame, in bytes. Part of the wire: a reader refuses more, and a flush is as long as the longest frame. */
export const MAX_PAYLOAD = 32 * 1024;

/** What one channel may hold undelivered at its receiver, in bytes. Told to the peer when the channel opens. */
export const CHANNEL_WINDOW = 256 * 1024;

/** Open channels of one mux; times the window, this bounds what a peer can make us hold. */
export const MAX_CHANNELS = 256;

/** Connections that wait at one listener for an accept. */
export const MAX_BACKLOG = 64;

/** Unsent bytes of one channel from which `write` answers false: what a guest's stdio pipe holds goes in one turn. */
export const WRITE_HIGH_WATER = 256 * 1024;

/** Sent and not acknowledged: from here on only control frames leave. Bounds what is kept for a replay. */
export const REPLAY_BYTES = 1024 * 1024;
export const REPLAY_FRAMES = 4096;

/** A peer that makes us answer but takes or acknowledges nothing: the mux ends above this many frames. */
export const MAX_CONTROL_FRAMES = 8192;

/** The receiver acknowledges at the latest after this much; far below REPLAY_*, so that the sender never waits for it. */
export const ACK_BYTES = 256 * 1024;
export const ACK_FRAMES = 64;

/** What the host skips while it waits for an answer to its hello: more than any honest guest can have in flight. */
export const MAX_SKIPPED = 16 * 1024 * 1024;

/** Handshakes that a guest may ask for without one frame of progress in between. */
export const MAX_FRUITLESS_HELLOS = 16;

/** First and longest wait before the host repeats its hello, in milliseconds. */
export const HELLO_RETRY_MS = 20;
export const HELLO_RETRY_MAX_MS = 200;
