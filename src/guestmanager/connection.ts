import type { MessageBase, MessageResponseBase } from "../prot/messages/base.ts";
import type { Rpc } from "../prot/rpc.ts";
import type { HostSockets } from "../transport/sockets.ts";
import type { Bridge } from "./bridge/bridge.ts";
import type { GuestCallOptions, GuestCapabilities, GuestOs } from "./guest.ts";
import type { StdioPorts } from "./stdio.ts";

/** What the managers of one concern each need of the connected guest. */
export interface GuestConnection {
  /** One request, one response; null ActivityId. Throws unavailable before `createConnection`. */
  call<Req extends MessageBase, ReqInit, Res extends MessageResponseBase, ResInit>(
    rpc: Rpc<Req, ReqInit, Res, ResInit>,
    request: ReqInit & { readonly containerId: string },
    options?: GuestCallOptions,
  ): Promise<Res>;
  capabilities(): GuestCapabilities;
  readonly os: GuestOs;
  /** Throws unavailable before `createConnection`. */
  bridge(): Bridge;
  readonly sockets: HostSockets;
  readonly stdioPorts: StdioPorts;
  readonly requestTimeoutMs: number;
}
