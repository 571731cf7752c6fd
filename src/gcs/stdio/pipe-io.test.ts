import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runtime } from "#runtime";
import { close, pipe } from "../../sys/libc.ts";
import { memoryStreamPair } from "../../transport/memory-stream.ts";
import { PipeIo } from "./pipe-io.ts";
import type { StdioCalls } from "./ports.ts";

function calls(): StdioCalls {
  const unused = (): never => assert.fail("not for pipes");
  return {
    pipe() {
      const [read, write] = pipe();
      return { read, write };
    },
    duplicate: unused,
    closeFd: close,
    adopt: (fd, kind, direction) => runtime.adopt(fd, kind, direction),
    consoleSocket: unused,
    openTerminal: unused,
    setWindowSize: unused,
  };
}

/** A connection that the guest dialled, and what becomes of the host's end. */
function dialled() {
  const [host, stream] = memoryStreamPair();
  const closed = new Promise<void>((resolve) => {
    host.open({ data() {}, end() {}, drain() {}, close: () => resolve() });
  });
  return { connection: { kind: "stream" as const, stream }, closed };
}

describe("PipeIo", () => {
  it("lets go of a second set of connections, those of a start that is tried again", async () => {
    const io = new PipeIo(calls(), undefined);
    const [first, second] = [dialled(), dialled()];
    io.connect({ stdout: first.connection });
    io.connect({ stdout: second.connection });
    await second.closed;
    io.close();
    await first.closed;
  });

  it("lets go of connections that come after its process has gone", async () => {
    const io = new PipeIo(calls(), undefined);
    io.close();
    const late = dialled();
    io.connect({ stdout: late.connection });
    await late.closed;
  });
});
