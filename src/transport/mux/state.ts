import { ShimError } from "../../errors/shim-error.ts";
import type { ChannelState } from "./channel.ts";
import type { LinkState } from "./link.ts";

/** The host's end of a guest channel, as plain JSON: goes into a save beside the state of the guest. */
export interface MuxState {
  readonly version: 1;
  readonly link: LinkState;
  /** The highest id that the guest has used. */
  readonly lastChannel: number;
  /** Control frames that have not left yet; payload in base64. */
  readonly controls: LinkState["frames"];
  readonly channels: readonly (ChannelState & { readonly accepted: boolean })[];
}

/** Throws data-loss, with the member's name, for anything but what `HostMux.saveState` gave. */
export function readMuxState(value: unknown): MuxState {
  const state = record(value, "state");
  if (state.version !== 1)
    throw broken(
      "version",
      `is ${typeof state.version === "number" ? state.version : "no number"}; this release reads 1`,
    );
  const link = record(state.link, "link");
  const session = text(link.session, "session");
  if (!/^[0-9a-f]{32}$/.test(session)) throw broken("session", "is no id");
  return {
    version: 1,
    link: {
      session,
      received: count(link.received, "received"),
      acknowledged: count(link.acknowledged, "acknowledged"),
      frames: list(link.frames, "frames").map(readFrame),
    },
    lastChannel: count(state.lastChannel, "lastChannel"),
    controls: list(state.controls, "controls").map(readFrame),
    channels: list(state.channels, "channels").map((each) => {
      const channel = record(each, "channels");
      return {
        id: count(channel.id, "id"),
        port: count(channel.port, "port"),
        window: count(channel.window, "window"),
        sendCredit: count(channel.sendCredit, "sendCredit"),
        receiveCredit: count(channel.receiveCredit, "receiveCredit"),
        unreturned: count(channel.unreturned, "unreturned"),
        inbox: text(channel.inbox, "inbox"),
        pending: text(channel.pending, "pending"),
        ended: flag(channel.ended, "ended"),
        finSent: flag(channel.finSent, "finSent"),
        peerEnded: flag(channel.peerEnded, "peerEnded"),
        closeSent: flag(channel.closeSent, "closeSent"),
        accepted: flag(channel.accepted, "accepted"),
      };
    }),
  };
}

function readFrame(value: unknown): LinkState["frames"][number] {
  const frame = record(value, "frames");
  return {
    type: count(frame.type, "type"),
    channel: count(frame.channel, "channel"),
    payload: text(frame.payload, "payload"),
  };
}

function broken(member: string, what: string): ShimError {
  return new ShimError("data-loss", `the saved state of the guest channel is damaged: ${member} ${what}`);
}

function record(value: unknown, member: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw broken(member, "is no object");
  return Object.fromEntries(Object.entries(value));
}

function list(value: unknown, member: string): unknown[] {
  if (!Array.isArray(value)) throw broken(member, "is no list");
  return value;
}

function count(value: unknown, member: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw broken(member, "is no count");
  return value;
}

function text(value: unknown, member: string): string {
  if (typeof value !== "string") throw broken(member, "is no text");
  return value;
}

function flag(value: unknown, member: string): boolean {
  if (typeof value !== "boolean") throw broken(member, "is neither true nor false");
  return value;
}
