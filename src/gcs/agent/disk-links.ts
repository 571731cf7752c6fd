import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { readText } from "../runtime/stats-file.ts";

/** Links to disks by the serial that their host gave them, named as udev names them. Idempotent. */
export function linkDisks(options: { devices?: string; links?: string } = {}): void {
  const { devices = "/sys/block", links = "/dev/disk/by-id" } = options;
  mkdirSync(links, { recursive: true });
  const there = new Set(readdirSync(links));
  for (const device of readdirSync(devices)) {
    const serial = readText(join(devices, device, "serial"))?.trim() ?? "";
    const name = `virtio-${serial}`;
    if (serial === "" || serial.includes("/") || there.has(name)) continue;
    symlinkSync(`../../${device}`, join(links, name));
  }
}
