import { createHash } from "node:crypto";

/**
 * SHA-256 in hex. `#sha256` (package.json "imports") resolves to this, or in Bun to `bun-sha256.ts`: node:crypto costs as
 * much there as the whole boot (reference: performance, 2), and a hash written in JavaScript a fifth of that.
 */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
