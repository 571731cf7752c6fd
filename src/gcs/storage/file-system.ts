import { closeSync, openSync, readSync } from "node:fs";
import { failedPrecondition, invalidArgument } from "../../errors/shim-error.ts";
import type { RunProgram } from "./ports.ts";

export type FileSystemName = "ext4" | "xfs" | "erofs" | "squashfs";

/** The file system on the device by its magic number; "blank" for zeros where the known ones have theirs. */
export function probeFileSystem(device: string): FileSystemName | "blank" | "unknown" {
  const head = Buffer.alloc(2048);
  const fd = openSync(device, "r");
  try {
    readSync(fd, head, 0, head.length, 0);
  } finally {
    closeSync(fd);
  }
  const first = head.toString("latin1", 0, 4);
  if (first === "XFSB") return "xfs";
  if (first === "hsqs") return "squashfs";
  if (head.readUInt32LE(1024) === 0xe0f5e1e2) return "erofs";
  // The ext super block starts at 1024, its magic stands 56 bytes in.
  if (head.readUInt16LE(1024 + 56) === 0xef53) return "ext4";
  return head.every((byte) => byte === 0) ? "blank" : "unknown";
}

/**
 * EnsureFilesystem: formats a blank device. One that holds something else is refused
 * with failed-precondition rather than wiped.
 */
export async function ensureFileSystem(device: string, wanted: string, run: RunProgram): Promise<FileSystemName> {
  if (wanted !== "" && wanted !== "ext4" && wanted !== "xfs") {
    throw invalidArgument(`MappedVirtualDisk: Filesystem "${wanted}" is unknown; cannot format: use ext4 or xfs`);
  }
  const name = wanted === "" ? "ext4" : wanted;
  const found = probeFileSystem(device);
  if (found === name) return name;
  if (found !== "blank") {
    throw failedPrecondition(
      `disk ${device} holds ${found === "unknown" ? "other data" : found}; cannot format it as ${name}`,
    );
  }
  // Lazy initialisation would go on writing in the background and keep the device busy.
  const flags = name === "ext4" ? ["-q", "-F", "-E", "lazy_itable_init=0,nodiscard"] : ["-q", "-K"];
  await run([`mkfs.${name}`, ...flags, device]);
  return name;
}
