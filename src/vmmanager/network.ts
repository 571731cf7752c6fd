import type { CallOptions } from "./lifetime.ts";

/** What carries an adapter's frames. */
export type NetworkBackend =
  /** A tap device's fd, given up by the caller whatever comes of the call. */
  | { readonly kind: "tap"; readonly fd: number }
  /** A unix stream socket that somebody listens on; frames with a u32 length, big-endian, before each. */
  | { readonly kind: "unix-stream"; readonly path: string }
  /** An endpoint of the Windows host network (HCN), by its GUID. */
  | { readonly kind: "endpoint"; readonly endpointId: string }
  /** Unix datagram sockets, one frame a datagram: ours, which is made, and the peer's. */
  | { readonly kind: "unix-datagram"; readonly localPath: string; readonly remotePath: string };

export interface NetworkAdapter {
  readonly id: string;
  /** Six bytes in hexadecimal with colons, of an endpoint with hyphens as HCN writes it; how the guest finds the adapter. */
  readonly macAddress: string;
  readonly backend: NetworkBackend;
}

export interface NetworkManager {
  addNetworkAdapter(adapter: NetworkAdapter, options?: CallOptions): Promise<void>;
  removeNetworkAdapter(id: string, options?: CallOptions): Promise<void>;
}
