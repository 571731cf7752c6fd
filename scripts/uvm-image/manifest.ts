import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** out/uvm/manifest.json: what the image was made of, and what came out. No time, host or path in it. */
export interface Manifest {
  readonly inputHash: string;
  readonly kernelRelease: string;
  readonly packages: readonly { readonly name: string; readonly version: string; readonly sha256: string }[];
  readonly bun: string;
  readonly modules: {
    readonly boot: readonly string[];
    readonly early: readonly string[];
    readonly later: readonly string[];
  };
  readonly libraries: readonly string[];
  /** Output file -> what it is. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

export const imageFiles = ["vmlinuz", "initrd.cpio", "root.erofs"] as const;

/** One hash over named inputs, in any order. */
export function hashInputs(inputs: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(inputs).sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256(JSON.stringify(sorted));
}

export function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export function describeFiles(directory: string): Manifest["files"] {
  const describe = (name: string) => {
    const bytes = readFileSync(join(directory, name));
    return [name, { bytes: bytes.length, sha256: sha256(bytes) }] as const;
  };
  return Object.fromEntries(imageFiles.map(describe));
}

/** The manifest of an image that was made from these inputs and is whole; undefined otherwise. */
export function readCurrent(directory: string, inputHash: string): Manifest | undefined {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(readFileSync(join(directory, "manifest.json"), "utf8")) as Manifest;
    if (manifest.inputHash !== inputHash) return undefined;
    const found = describeFiles(directory);
    return imageFiles.every((name) => found[name]?.sha256 === manifest.files[name]?.sha256) ? manifest : undefined;
  } catch {
    return undefined;
  }
}
