import { invalidArgument } from "../../../src/errors/shim-error.ts";
import type { Handlers } from "../../../src/ttrpc/service.ts";
import { TtrpcError } from "../../../src/ttrpc/status.ts";
import type { Interop } from "./generated/uvmshim/interop/v1.ts";

/** What every server of uvmshim.interop.v1.Interop must do; the comments of interop.proto in code. */
export const interopHandlers: Handlers<typeof Interop> = {
  echo: (request) => request,

  echoMetadata(_request, context) {
    const metadata = [...context.metadata].map(([key, values]) => ({ key, values: [...values] }));
    return { metadata: metadata.sort((a, b) => (a.key < b.key ? -1 : 1)) };
  },

  async sleep({ durationMs }, { signal, deadline }) {
    const deadlineMs = deadline === undefined ? -1n : BigInt(Math.round(deadline - Date.now()));
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", abort);
        resolve();
      }, durationMs);
      signal.addEventListener("abort", abort, { once: true });
    });
    return { deadlineMs };
  },

  fail({ code, text }) {
    throw new TtrpcError("unknown", text, { code });
  },

  big: ({ size }) => ({ data: new Uint8Array(size) }),

  async sum(parts) {
    let sum = 0n;
    let count = 0;
    for await (const part of parts) {
      sum += BigInt(part.add);
      count += 1;
    }
    return { sum, parts: count };
  },

  async divide({ total, parts }, responses) {
    if (parts === 0) throw invalidArgument("parts is 0; cannot divide: ask for one part at least");
    const smaller = Math.floor(total / parts);
    const larger = total - smaller * parts;
    for (let part = 0; part < parts; part += 1) await responses.send({ add: part < larger ? smaller + 1 : smaller });
  },

  async echoStream(stream) {
    for await (const message of stream) await stream.send({ ...message, seq: message.seq + 1n });
  },

  async echoNull(messages) {
    let expected = 0n;
    for await (const { seq, text } of messages) {
      if (text !== "non-empty empty") throw invalidArgument(`text of message ${expected} is ${JSON.stringify(text)}`);
      if (seq !== expected) throw invalidArgument(`message ${expected} has the sequence number ${seq}`);
      expected += 1n;
    }
    return {};
  },
};
