import { ShimDiag } from "../../src/generated/containerd/runhcs/v1/diag.ts";
import { StreamInit, Streaming } from "../../src/generated/containerd/services/streaming/v1.ts";
import { Data, WindowUpdate } from "../../src/generated/containerd/types/transfer.ts";
import type { Any } from "../../src/generated/google/protobuf.ts";
import type { MessageType } from "../../src/generated/wire.ts";
import type { Client } from "../../src/ttrpc/client.ts";
import type { DuplexStream } from "../../src/ttrpc/stream.ts";

export interface ExecRequest {
  readonly args: string[];
  readonly workdir: string;
  readonly terminal: boolean;
  /** Our stdin is the process's, its end too. */
  readonly input: boolean;
}

export interface ExecStdio {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: (bytes: Uint8Array) => Promise<void>;
  readonly stderr: (bytes: Uint8Array) => Promise<void>;
}

/** docs/streams.md */
const WINDOW = 65_536;
const MAX_DATA = 32_768;

/**
 * Runs a process in the VM with our stdio, by streams on the socket that serves it (docs/streams.md): unlike a FIFO, one
 * that ends without a byte has ended. Its exit code.
 */
export async function execInVm(
  client: Client,
  socketPath: string,
  { args, workdir, terminal, input }: ExecRequest,
  stdio: ExecStdio,
): Promise<number> {
  const run = `uvmctl-${crypto.randomUUID()}`;
  const open = async (name: string, wanted: boolean): Promise<Opened | undefined> =>
    wanted ? openStream(client, socketPath, `${run}-${name}`) : undefined;
  const stdin = await open("stdin", input);
  const stdout = await open("stdout", true);
  const stderr = await open("stderr", !terminal);
  const raw = terminal && input && stdio.stdin.isTTY;
  try {
    if (raw) stdio.stdin.setRawMode(true);
    const urls = { stdin: stdin?.url ?? "", stdout: stdout?.url ?? "", stderr: stderr?.url ?? "" };
    const ended = client.service(ShimDiag).diagExecInHost({ args, workdir, terminal, ...urls });
    // Refused ones end no streams.
    const refused = ended.then(() => new Promise<never>(() => {}));
    // Not waited for: a process may end before its input does.
    if (stdin) send(stdin.call, stdio.stdin).catch(() => undefined);
    const output = Promise.all([
      stdout && receive(stdout.call, stdio.stdout),
      stderr && receive(stderr.call, stdio.stderr),
    ]);
    await Promise.race([output, refused]);
    return (await ended).exitCode;
  } finally {
    if (raw) stdio.stdin.setRawMode(false);
    stdio.stdin.pause();
    stdio.stdin.unref?.();
  }
}

interface Opened {
  readonly call: DuplexStream<Any, Any>;
  readonly url: string;
}

async function openStream(client: Client, socketPath: string, id: string): Promise<Opened> {
  const call = client.service(Streaming).stream();
  await call.send(toAny(StreamInit, { id }));
  await call.receive();
  return { call, url: `ttrpc+unix://${socketPath}?streaming_id=${id}` };
}

/** All of it, as it is granted, and the end. */
async function send(call: DuplexStream<Any, Any>, source: AsyncIterable<Uint8Array | string>): Promise<void> {
  let granted = 0;
  for await (const chunk of source) {
    for (let rest = Buffer.from(chunk); rest.length > 0; ) {
      while (granted === 0) {
        const message = await call.receive();
        if (message === undefined) return;
        granted += WindowUpdate.decode(message.value).update;
      }
      const part = rest.subarray(0, Math.min(granted, MAX_DATA));
      await call.send(toAny(Data, { data: part }));
      granted -= part.length;
      rest = rest.subarray(part.length);
    }
  }
  call.closeSend();
}

/** All that comes, to its end. */
async function receive(call: DuplexStream<Any, Any>, write: (bytes: Uint8Array) => Promise<void>): Promise<void> {
  let window = 0;
  for (;;) {
    if (window < WINDOW) {
      // Refused once the stream is over, which the next message tells.
      await call.send(toAny(WindowUpdate, { update: WINDOW })).catch(() => {});
      window += WINDOW;
    }
    const message = await call.receive();
    if (message === undefined) break;
    const { data } = Data.decode(message.value);
    window -= data.length;
    await write(data);
  }
  call.closeSend();
}

function toAny<T extends object>(type: MessageType<T>, message: T): Any {
  return { typeUrl: type.typeName, value: type.encode(message) };
}
