import { resolve } from "node:path";
import { assertNever, invalidArgument } from "../../src/errors/shim-error.ts";
import { Device, DeviceKind } from "../../src/generated/uvmshim/uvm/v1.ts";

export const KINDS = { disk: DeviceKind.DISK, share: DeviceKind.SHARE, nic: DeviceKind.NIC, vpmem: DeviceKind.VPMEM };
export type Kind = keyof typeof KINDS;

/** How each is written on the command line. */
export const FORMS: Readonly<Record<Kind, string>> = {
  disk: "IMAGE[:GUEST][:ro][:bare]",
  share: "HOST:GUEST[:ro]",
  nic: "tap:NAME or unix:SOCKET[,MAC]",
  vpmem: "IMAGE",
};

export function kindName(kind: DeviceKind): string {
  return Object.entries(KINDS).find(([, each]) => each === kind)?.[0] ?? "device";
}

/** Paths of this host may be relative. Throws invalid-argument, with the form. */
export function parseDevice(kind: Kind, text: string): Device {
  const base = Device.create({ kind: KINDS[kind] });
  switch (kind) {
    case "vpmem":
      return { ...base, source: resolve(needed(kind, text, text)) };
    case "nic": {
      const [, type = "", target = "", mac = ""] = /^(tap|unix):([^,]+)(?:,([0-9a-fA-F:]{17}))?$/.exec(text) ?? [];
      const source = `${needed(kind, text, type)}:${type === "unix" ? resolve(target) : target}`;
      return { ...base, source, guest: mac };
    }
    case "disk":
    case "share": {
      const { path, guest, flags } = parts(kind, text);
      if (kind === "share") needed(kind, text, guest);
      return { ...base, source: resolve(path), guest, readOnly: flags.has("ro"), bare: flags.has("bare") };
    }
    default:
      return assertNever(kind);
  }
}

function parts(kind: "disk" | "share", text: string): { path: string; guest: string; flags: ReadonlySet<string> } {
  const known = kind === "disk" ? ["ro", "bare"] : ["ro"];
  const [path = "", ...rest] = text.split(":");
  const guest = rest[0]?.startsWith("/") ? (rest.shift() ?? "") : "";
  if (rest.some((flag) => !known.includes(flag))) needed(kind, text, "");
  return { path: needed(kind, text, path), guest, flags: new Set(rest) };
}

function needed(kind: Kind, text: string, part: string): string {
  if (part === "") throw invalidArgument(`${kind} ${JSON.stringify(text)} is none: give ${FORMS[kind]}`);
  return part;
}
