import { type Hardware, LAST_SLOT } from "./devices/hardware.ts";
import type { UvmDocument } from "./document.ts";

/**
 * The form of a saved VM's document and hardware, to the last member: its file may have been damaged or written by hand, and
 * QEMU's command line is made of it.
 */
type Check = (value: unknown) => boolean;
/** A check for each member, also of those that may be missing. */
type Shape<T> = { readonly [K in keyof Required<T>]: Check };

const text: Check = (value) => typeof value === "string";
/** Stands among options of the command line. */
const word: Check = (value) => typeof value === "string" && /^[\w.-]+$/.test(value);
const flag: Check = (value) => typeof value === "boolean";
const count: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const slot: Check = (value) => count(value) && Number(value) <= LAST_SLOT;
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

function shaped<T>(shape: Shape<T>): Check {
  const members = Object.entries<Check>(shape);
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    const given = new Map<string, unknown>(Object.entries(value));
    return members.every(([name, check]) => check(given.get(name)));
  };
}

const backend: Check = (value) =>
  shaped({ kind: (kind) => kind === "tap" })(value) ||
  shaped({ kind: (kind) => kind === "unix-stream", path: text })(value) ||
  shaped({ kind: (kind) => kind === "unix-datagram", localPath: text, remotePath: text })(value);

const hardware = shaped<Hardware>({
  controllers: listOf(slot),
  disks: listOf(
    shaped<Omit<Hardware["disks"][number], "type" | "extensibleDiskType">>({
      controller: slot,
      lun: count,
      hostPath: text,
      readOnly: flag,
    }),
  ),
  adapters: listOf(shaped<Hardware["adapters"][number]>({ id: text, macAddress: text, slot, backend })),
  vpmem: listOf(shaped<Hardware["vpmem"][number]>({ deviceNumber: count, hostPath: text, bytes: count })),
  pci: listOf(shaped<Hardware["pci"][number]>({ id: text, address: text, slot })),
  processors: listOf(
    shaped<Hardware["processors"][number]>({
      ...{ type: word, socketId: maybe(count), coreId: maybe(count), threadId: maybe(count), nodeId: maybe(count) },
    }),
  ),
  memory: maybe(shaped<NonNullable<Hardware["memory"]>>({ sizeMiB: count, requestedMiB: count, address: count })),
  balloon: flag,
  shares: flag,
});

const document = shaped<UvmDocument>({
  accelerator: (value) => value === "kvm" || value === "tcg",
  machine: word,
  // Its numbers are checked as those of any VM.
  sizing: (value) => typeof value === "object" && value !== null,
  kernelArguments: listOf(text),
});

export function isHardware(value: unknown): value is Hardware {
  return hardware(value);
}

export function isDocument(value: unknown): value is UvmDocument {
  return document(value);
}
