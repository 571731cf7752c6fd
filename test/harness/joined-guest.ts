import assert from "node:assert/strict";
import { fstatSync, openSync } from "node:fs";
import { isKind, type ShimError } from "../../src/errors/shim-error.ts";
import { BridgeServer } from "../../src/gcs/bridge/server.ts";
import { createGuest, type LinuxGuest } from "../../src/guestmanager/create-guest.ts";
import type { GcsGuestCapabilities } from "../../src/prot/messages/negotiate-protocol.ts";
import { BRIDGE_PORT } from "../../src/prot/protocol.ts";
import type { ByteStream } from "../../src/sys/byte-stream.ts";
import { createMemorySockets } from "../../src/transport/memory.ts";
import type { GuestConnection, HostSockets, LocalHostSockets } from "../../src/transport/sockets.ts";
import { ScriptedGcsHost } from "./scripted-gcs-host.ts";

/** A document that says as little as it may. */
export const DOCUMENT = { ociBundlePath: "/run/b", ociSpecification: { ociVersion: "1.0.2" } };

export interface SetUp {
  readonly capabilities?: Partial<GcsGuestCapabilities>;
  readonly sockets?: (host: LocalHostSockets) => HostSockets;
}

/** Our host's side and our guest's bridge server, joined in memory; behind the server a script. */
export class JoinedGuest {
  readonly host = new ScriptedGcsHost();
  readonly sockets = createMemorySockets();
  readonly guest: LinuxGuest;
  readonly served: Promise<Error | undefined>;
  /** The guest's end. */
  readonly server: BridgeServer;
  readonly stream: ByteStream;

  private constructor(
    guest: LinuxGuest,
    host: ScriptedGcsHost,
    sockets: JoinedGuest["sockets"],
    stream: ByteStream,
    server: BridgeServer,
  ) {
    this.guest = guest;
    this.host = host;
    this.sockets = sockets;
    this.stream = stream;
    this.server = server;
    this.served = server.serve(stream);
  }

  static async connect({ capabilities = {}, sockets: narrow = (host) => host }: SetUp = {}): Promise<JoinedGuest> {
    const sockets = createMemorySockets();
    const guest = createGuest({ sockets: narrow(sockets.host), requestTimeoutMs: 60_000 });
    guest.prepareConnection();
    const host = new ScriptedGcsHost();
    const connection = await sockets.guest.dial(BRIDGE_PORT);
    const server = new BridgeServer({ host, capabilities });
    const joined = new JoinedGuest(guest, host, sockets, streamOf(connection), server);
    await guest.createConnection();
    return joined;
  }

  dial = async (port: number | undefined): Promise<GuestConnection> => {
    assert.ok(port !== undefined);
    return this.sockets.guest.dial(port);
  };

  async close(): Promise<void> {
    this.guest.closeConnection();
    assert.equal(await this.served, undefined);
    assert.equal(await this.guest.disconnected, undefined);
  }
}

export function streamOf(connection: GuestConnection): ByteStream {
  if (connection.kind !== "stream") throw new Error("wanted a stream");
  return connection.stream;
}

export function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

export const devNull = (): number => openSync("/dev/null", "r+");
export const rejectsWith = (kind: ShimError["kind"]) => (error: unknown) => isKind(error, kind);
