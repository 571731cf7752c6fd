import type { ArchiveRequest, GuestArchive } from "../../guestmanager/guest.ts";
import type { RpcOptions } from "../tasks.ts";

/** What a transfer goes from or to. */
export type TransferEnd =
  /** A path in a container's root file system. */
  | {
      readonly kind: "container";
      readonly id: string;
      readonly path: string;
      readonly noWalk: boolean;
      readonly preserveOwnership: boolean;
    }
  /** A stream that the client has opened, on which it sends (source) or receives (destination). */
  | { readonly kind: "source" | "destination"; readonly stream: string; readonly mediaType: string };

export interface TransferRequest {
  readonly from: TransferEnd;
  readonly to: TransferEnd;
  /** A stream on which the client is told how far it is; empty: none. */
  readonly progressStream: string;
}

/** What the transfer service asks of the layer below. */
export interface Transfers {
  /**
   * Resolves when all is where it belongs. Throws unimplemented (not between a container and a tar stream), not-found
   * (container, stream, path), what the guest refuses, deadline-exceeded (nothing moved for a while).
   */
  transfer(request: TransferRequest, options: RpcOptions): Promise<void>;
}

/** What a transfer asks of the pod. */
export interface TransferPod {
  archive(id: string, request: ArchiveRequest, use: (archive: GuestArchive) => Promise<void>): Promise<void>;
}
