import { readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { sha256Hex } from "#sha256";
import { commandLine } from "../command-line.ts";
import type { UvmDocument } from "../document.ts";
import { imageFiles } from "../process.ts";

/** To be raised when templates are made in another way: those that lie there are of no use then. */
const REVISION = 1;

export interface TemplateHost {
  /** QEMU, absolute. */
  readonly binary: string;
  /** Directory of the guest's kernel, initramfs and root file system. */
  readonly image: string;
  readonly cpuInfo?: () => string;
}

/**
 * The name of the template that VMs of this document come from: a digest of all that shapes their memory and devices.
 * Files count by their identity (inode, size, times), as reading them would take longer than it saves.
 */
export function templateKey(document: UvmDocument, { binary, image, cpuInfo = hostCpuInfo }: TemplateHost): string {
  const files = [binary, ...Object.values(imageFiles).map((name) => join(image, name))];
  const parts = {
    revision: REVISION,
    // Machine, processors, memory, CPU model, kernel arguments, boot devices.
    argv: commandLine(document, { id: "template" }),
    files: files.map(identity),
    // An emulated processor is the same on every host.
    processor: document.accelerator === "kvm" ? processorOf(cpuInfo()) : "emulated",
  };
  return sha256Hex(JSON.stringify(parts));
}

function identity(path: string): string {
  const target = realpathSync(path);
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(target, { bigint: true });
  return [target, dev, ino, size, mtimeNs, ctimeNs].join(":");
}

/** What a guest sees of the host's first processor, microcode and all: its frequency of the moment is none of it. */
function processorOf(cpuInfo: string): string {
  const lines = (cpuInfo.split("\n\n")[0] ?? "").split("\n");
  return lines.filter((line) => /^(vendor_id|cpu family|model|stepping|microcode|flags)\b/.test(line)).join("\n");
}

function hostCpuInfo(): string {
  return readFileSync("/proc/cpuinfo", "latin1");
}
