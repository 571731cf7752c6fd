import { readdirSync } from "node:fs";

/** The VMs that have state there, whether or not their keeper lives. */
export function vmNames(vmDirectory: string): string[] {
  try {
    return readdirSync(vmDirectory).sort();
  } catch {
    return [];
  }
}
