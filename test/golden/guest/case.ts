/**
 * Cases of guest requests: what a manager's method puts on the wire. Each body is written by hand from the reference
 * (hcsshim, 5.2, 5.3 and 11: the order of Go's struct members, omitempty, JSON in strings); nothing here is made by the code
 * under test. Each is sent through a real bridge and compared byte by byte.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { GuestOptions } from "../../../src/guestmanager/bridge-guest.ts";
import { createGuest, type LinuxGuest } from "../../../src/guestmanager/create-guest.ts";
import { createWindowsGuest, type WindowsGuest } from "../../../src/guestmanager/create-windows-guest.ts";
import type { ConnectOptions } from "../../../src/guestmanager/guest.ts";
import { turns } from "../../../src/transport/byte-stream-suite.ts";
import { GuestEnd } from "./guest-end.ts";

export interface GuestCase<G> {
  readonly shows: string;
  send(guest: G, end: GuestEnd): Promise<unknown>;
  /** The requests after the connection's own, in their order. */
  readonly wire: readonly WireRequest[];
}

export interface ConnectionCase {
  readonly shows: string;
  readonly os: "linux" | "windows";
  /** Members of the guest's GcsCapabilities. */
  readonly says?: object;
  readonly options?: ConnectOptions;
  readonly wire: readonly WireRequest[];
}

export type WireRequest = readonly [type: number, body: string];

const NULL_ID = "00000000-0000-0000-0000-000000000000";
const base = (id: string) => `{"ContainerId":"${id}","ActivityId":"${NULL_ID}"`;

/** Of the guest itself: the type, and what follows the base. */
export const toGuest = (type: number, members = ""): WireRequest => [type, `${base(NULL_ID)}${members}}\n`];
/** Of container c1. */
export const toContainer = (type: number, members = ""): WireRequest => [type, `${base("c1")}${members}}\n`];
/** ModifySettings of the guest itself. */
export const modified = (request: string): readonly WireRequest[] => [
  toGuest(TYPE.modifySettings, `,"Request":${request}`),
];

export const TYPE = {
  create: 0x10100101,
  start: 0x10100201,
  shutdownGraceful: 0x10100301,
  shutdownForced: 0x10100401,
  executeProcess: 0x10100501,
  waitForProcess: 0x10100601,
  signalProcess: 0x10100701,
  resizeConsole: 0x10100801,
  getProperties: 0x10100901,
  modifySettings: 0x10100a01,
  negotiateProtocol: 0x10100b01,
  dumpStacks: 0x10100c01,
  deleteContainerState: 0x10100d01,
  modifyServiceSettings: 0x10200101,
} as const;

/** All that hcsshim's guests of today claim; nothing of ours. */
const claims = {
  NamespaceAddRequestSupported: true,
  SignalProcessSupported: true,
  DumpStacksSupported: true,
  DeleteContainerStateSupported: true,
};
const linux = { RuntimeOsType: "Linux", GuestDefinedCapabilities: claims };
const windows = { RuntimeOsType: "Windows", GuestDefinedCapabilities: { ...claims, LogForwardingSupported: true } };

export function runLcowCases(cases: readonly GuestCase<LinuxGuest>[]): void {
  for (const given of cases) it(given.shows, () => run(new GuestEnd(linux), createGuest, given));
}

export function runWcowCases(cases: readonly GuestCase<WindowsGuest>[]): void {
  for (const given of cases) it(given.shows, () => run(new GuestEnd(windows), createWindowsGuest, given));
}

export function runConnectionCases(cases: readonly ConnectionCase[]): void {
  for (const { shows, os, says, options, wire } of cases) {
    const capabilities = { ...(os === "linux" ? linux : windows), ...says };
    it(shows, async () => {
      const end = new GuestEnd(capabilities);
      if (os === "linux") await end.connect(createGuest, options);
      else await end.connect(createWindowsGuest, options);
      assert.deepEqual(end.requests, wire);
      await end.close();
    });
  }
}

async function run<G extends LinuxGuest | WindowsGuest>(
  end: GuestEnd,
  create: (options: GuestOptions) => G,
  { send, wire }: GuestCase<G>,
): Promise<void> {
  const guest = await end.connect(create);
  end.requests.length = 0;
  await send(guest, end);
  await turns(3);
  assert.deepEqual(end.requests, wire);
  await end.close();
}
