import { BridgeServer } from "../../src/gcs/bridge/server.ts";
import { memoryStreamPair } from "../../src/transport/memory-stream.ts";
import { BridgePeer } from "./bridge-peer.ts";
import { ScriptedGcsHost } from "./scripted-gcs-host.ts";

/** The numbers of the protocol, written out: tests of the bridge use none of its own constants. */
export const CREATE = 0x10100101;
export const START = 0x10100201;
export const SHUTDOWN_GRACEFUL = 0x10100301;
export const SHUTDOWN_FORCED = 0x10100401;
export const EXECUTE = 0x10100501;
export const WAIT = 0x10100601;
export const SIGNAL = 0x10100701;
export const RESIZE = 0x10100801;
export const GET_PROPERTIES = 0x10100901;
export const MODIFY = 0x10100a01;
export const NEGOTIATE = 0x10100b01;
export const DUMP_STACKS = 0x10100c01;
export const DELETE_STATE = 0x10100d01;
export const NOTIFICATION = 0x30100101;
export const RESPONSE = 0x1000_0000;

export const CONFIG = JSON.stringify({
  SchemaVersion: { Major: 2, Minor: 1 },
  OciBundlePath: "/run/b",
  OciSpecification: { ociVersion: "1.0.2" },
  ScratchDirPath: "",
});

/** A server with one connected host, driven frame by frame. */
export class ServedBridge {
  readonly host = new ScriptedGcsHost();
  readonly server = new BridgeServer({ host: this.host });
  peer: BridgePeer;
  served: Promise<Error | undefined>;

  constructor() {
    ({ peer: this.peer, served: this.served } = this.dial());
  }

  dial(): { peer: BridgePeer; served: Promise<Error | undefined> } {
    const [hostEnd, guestEnd] = memoryStreamPair();
    return { served: this.server.serve(guestEnd), peer: new BridgePeer(hostEnd) };
  }

  static async negotiated(more: object = {}): Promise<ServedBridge> {
    const subject = new ServedBridge();
    await subject.peer.negotiate(more);
    return subject;
  }

  async close(): Promise<void> {
    this.peer.end();
    await this.served;
  }
}

/** A response's Result as the protocol's tables write it. */
export const hresult = (body: Readonly<Record<string, unknown>>): string =>
  `0x${(Number(body.Result) >>> 0).toString(16).padStart(8, "0")}`;
