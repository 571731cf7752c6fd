import { invalidArgument, unimplemented } from "../../errors/shim-error.ts";
import { Transfer } from "../../generated/containerd/services/transfer/v1.ts";
import { ContainerPath, ReadStream, WriteStream } from "../../generated/containerd/types/transfer.ts";
import type { Any } from "../../generated/google/protobuf.ts";
import type { Logger } from "../../log/logger.ts";
import type { TransferEnd, Transfers } from "../../orchestration/transfer/ports.ts";
import type { Server } from "../../ttrpc/server.ts";
import type { Handlers } from "../../ttrpc/service.ts";
import { messageOf, typeOf } from "../any.ts";
import { failedCall } from "../status.ts";

export interface TransferServiceOptions {
  readonly transfers: Transfers;
  readonly log: Logger;
}

export function registerTransferService(server: Pick<Server, "register">, options: TransferServiceOptions): void {
  server.register(Transfer, transferHandlers(options));
}

/** containerd.services.transfer.v1 (reference: containerd-shim 1.21), between containers and streams. */
export function transferHandlers({ transfers, log }: TransferServiceOptions): Handlers<typeof Transfer> {
  return {
    async transfer({ source, destination, options }, { signal }) {
      try {
        const from = endOf(source, "source");
        const to = endOf(destination, "destination");
        await transfers.transfer({ from, to, progressStream: options?.progressStream ?? "" }, { signal });
        return {};
      } catch (thrown) {
        throw failedCall(log, "Transfer", thrown);
      }
    },
  };
}

function endOf(any: Any | undefined, what: "source" | "destination"): TransferEnd {
  if (any === undefined) throw invalidArgument(`the transfer has no ${what}`);
  const name = `the transfer's ${what}`;
  switch (typeOf(any)) {
    case ContainerPath.typeName: {
      const { containerId: id, path, noWalk, preserveOwnership } = messageOf(ContainerPath, any, name);
      return { kind: "container", id, path, noWalk, preserveOwnership };
    }
    case ReadStream.typeName:
      return { kind: "source", ...messageOf(ReadStream, any, name) };
    case WriteStream.typeName:
      return { kind: "destination", ...messageOf(WriteStream, any, name) };
    default:
      throw unimplemented(`${name} is a ${JSON.stringify(any.typeUrl.slice(0, 200))}; cannot transfer it`);
  }
}
