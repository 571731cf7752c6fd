/** The host's end of an adapter: answers pings, as a gateway would, and keeps what else was said. */
import { runtime } from "#runtime";
import type { ByteStream } from "../../src/sys/byte-stream.ts";
import { close, read, write } from "../../src/sys/libc.ts";
import { bindUnixDatagram, connectDatagrams } from "../../src/sys/libc-socket.ts";

const GREETING = Buffer.from("VFKT");
const POLL_MS = 5;

export interface FramePeer {
  /** How it was greeted, before the first frame. */
  readonly greeting: string;
  /** Echo requests that came, each of which was answered. */
  readonly pings: number;
  close(): void;
}

/** What answers an ICMP echo request over IPv4; undefined for any other frame. */
export function pong(frame: Buffer): Buffer | undefined {
  const isPing = frame.length >= 42 && frame.readUInt16BE(12) === 0x0800 && frame[23] === 1 && frame[34] === 8;
  if (!isPing) return undefined;
  const answer = Buffer.from(frame);
  frame.copy(answer, 0, 6, 12);
  frame.copy(answer, 6, 0, 6);
  frame.copy(answer, 26, 30, 34);
  frame.copy(answer, 30, 26, 30);
  answer[34] = 0;
  // Of the type alone: ones' complement arithmetic.
  const sum = frame.readUInt16BE(36) + 0x0800;
  answer.writeUInt16BE((sum & 0xffff) + (sum >> 16), 36);
  return answer;
}

/** Listens at the path; frames with their length before them. */
export async function streamPeer(path: string, greeted: boolean): Promise<FramePeer> {
  const peer = { greeting: "", pings: 0, close: () => {} };
  const streams: ByteStream[] = [];
  const server = await runtime.listen({ path }, (stream) => {
    streams.push(stream);
    let rest = Buffer.alloc(0);
    stream.open({
      data(chunk) {
        rest = Buffer.concat([rest, chunk]);
        if (greeted && peer.greeting === "" && rest.length >= GREETING.length) {
          peer.greeting = rest.subarray(0, GREETING.length).toString();
          rest = rest.subarray(GREETING.length);
        }
        if (greeted && peer.greeting === "") return;
        while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
          const end = 4 + rest.readUInt32BE(0);
          const answer = pong(rest.subarray(4, end));
          rest = rest.subarray(end);
          if (answer === undefined) continue;
          peer.pings += 1;
          const length = Buffer.alloc(4);
          length.writeUInt32BE(answer.length);
          stream.write(Buffer.concat([length, answer]));
        }
      },
      end: () => stream.end(),
      drain() {},
      close() {},
    });
  });
  peer.close = () => {
    server.close();
    for (const stream of streams) stream.destroy();
  };
  return peer;
}

/** Bound at the path; each datagram is a frame. It answers to `remote`, which is there by the first of them. */
export function datagramPeer(path: string, remote: string): FramePeer {
  const fd = bindUnixDatagram(path);
  let connected = false;
  const timer = setInterval(() => {
    const buffer = Buffer.alloc(65_536);
    for (let count = read(fd, buffer); count !== undefined && count > 0; count = read(fd, buffer)) {
      const datagram = Buffer.from(buffer.subarray(0, count));
      if (datagram.equals(GREETING)) {
        peer.greeting = datagram.toString();
        continue;
      }
      const answer = pong(datagram);
      if (answer === undefined) continue;
      peer.pings += 1;
      if (!connected) connectDatagrams(fd, remote);
      connected = true;
      write(fd, answer);
    }
  }, POLL_MS);
  const peer = {
    greeting: "",
    pings: 0,
    close() {
      clearInterval(timer);
      close(fd);
    },
  };
  return peer;
}
