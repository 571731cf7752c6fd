import type * as node from "./node-sha256.ts";

export const sha256Hex: typeof node.sha256Hex = (data) =>
  // Its types leave out views of memory that is shared, as a Uint8Array may be.
  new Bun.CryptoHasher("sha256").update(data as string | Uint8Array<ArrayBuffer>).digest("hex");
