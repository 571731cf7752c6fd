import { ShimError, unavailable } from "../errors/shim-error.ts";
import { decodeBody } from "../prot/body.ts";
import { RequestType } from "../prot/protocol.ts";
import { archive, archiveResult } from "../prot/resources/archive.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { GuestConnection } from "./connection.ts";
import type { ArchiveRequest, GuestArchive, GuestCallOptions } from "./guest.ts";
import { modify } from "./modify.ts";
import { connectStdio } from "./process.ts";
import { PreparedStdio } from "./stdio.ts";

/** Of a guest's account of an error. */
const MAX_RESULT = 64 << 10;

/** Archive on a container: the guest dials a stream for the tar and one for how it ended. */
export async function openArchive(
  connection: GuestConnection,
  containerId: string,
  request: ArchiveRequest,
  options?: GuestCallOptions,
): Promise<GuestArchive> {
  const out = request.direction === "Out";
  const stream = { kind: "stream" } as const;
  const stdio = { ...(out ? { stdout: stream } : { stdin: stream }), stderr: stream };
  const prepared = new PreparedStdio(connection.sockets, connection.stdioPorts, stdio);
  try {
    const { stdIn, stdOut, stdErr } = prepared.relaySettings;
    const value = { ...request, dataPort: out ? stdOut : stdIn, resultPort: stdErr };
    await modify(connection, containerId, ResourceType.archive, RequestType.add, { codec: archive, value }, options);
  } catch (error) {
    prepared.abandon();
    throw error;
  }
  const { stdin, stdout, stderr } = await connectStdio(connection, prepared);
  const data = stdin ?? stdout;
  if (data === undefined || stderr === undefined) throw unavailable("the guest dialled no streams for an archive");
  const result = readResult(stderr);
  result.catch(() => {});
  return { data, result };
}

function readResult(stream: ByteStream): Promise<void> {
  return new Promise((resolve, reject) => {
    const parts: Uint8Array[] = [];
    let length = 0;
    const settle = (): void => {
      try {
        check(Buffer.concat(parts));
        resolve();
      } catch (error) {
        reject(ShimError.from(error, "internal"));
      }
    };
    stream.open({
      data(chunk) {
        length += chunk.length;
        if (length > MAX_RESULT) stream.destroy();
        else parts.push(chunk);
      },
      end: settle,
      drain() {},
      close: settle,
    });
  });
}

/** Throws what the guest tells. */
function check(body: Buffer): void {
  if (body.length === 0) throw unavailable("the guest did not tell how an archive ended: it may not be whole");
  const { kind, message } = decodeBody(archiveResult, body, "the result of an archive");
  if (kind !== "") throw new ShimError(kind, message);
}
