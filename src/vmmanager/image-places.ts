import { dirname, join } from "node:path";

/** What the image of a VM's guest is made of (docs/uvm-image.md). */
export const IMAGE_FILES = ["manifest.json", "vmlinuz", "initrd.cpio", "root.erofs"] as const;

/** Where it is looked for, where the configuration names no place: `make install` puts it with the program, `make uvm-image` beside. */
export function imagePlaces(program: string): string[] {
  const directory = dirname(program);
  return [directory, join(directory, "../uvm")];
}
