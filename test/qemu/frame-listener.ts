import { runtime } from "#runtime";

export interface FrameListener {
  /** The next Ethernet frame that the VM sent. */
  next(): Promise<Uint8Array>;
  close(): void;
}

/** The far end of a `stream` netdev: each frame with its length (u32, big-endian) before it. */
export async function listenForFrames(path: string): Promise<FrameListener> {
  const frames: Uint8Array[] = [];
  let arrived: () => void = () => undefined;
  let rest = Buffer.alloc(0);
  const ends: (() => void)[] = [];
  const server = await runtime.listen({ path }, (stream) => {
    ends.push(() => stream.destroy());
    stream.open({
      data(chunk) {
        rest = Buffer.concat([rest, chunk]);
        while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
          const end = 4 + rest.readUInt32BE(0);
          frames.push(rest.subarray(4, end));
          rest = rest.subarray(end);
        }
        arrived();
      },
      end() {},
      drain() {},
      close() {},
    });
  });
  return {
    async next() {
      for (;;) {
        const frame = frames.shift();
        if (frame !== undefined) return frame;
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
      }
    },
    close() {
      server.close();
      for (const end of ends) end();
    },
  };
}
