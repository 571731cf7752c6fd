import { existsSync } from "node:fs";
import { runtime } from "#runtime";
import { ShimError } from "../errors/shim-error.ts";
import type { Logger } from "../log/logger.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import { close, write } from "../sys/libc.ts";
import { connectUnix } from "../sys/libc-socket.ts";
import type { UnclaimedHandler } from "../transport/sockets.ts";
import { splice } from "../transport/splice.ts";
import { answers, GREETING_MS, readExactly } from "../transport/vsock/greeting.ts";
import type { VsockPlan } from "./plan.ts";
import { discard, listenOn } from "./socket-path.ts";

/** With its newline, as OpenVMM takes it. */
const MAX_REQUEST = 45;
const REFUSED = "ERR the guest channel carries no connections of the host: the guest dials\n";

/**
 * The guest's dials as hybrid vsock (Firecracker's and OpenVMM's form): port P goes to the unix socket `<path>_<P>`, else
 * to `<path>_<GUID>` of that port. A dial that finds neither is refused.
 */
export function guestDials({ path, greetedPort }: VsockPlan, log: Logger): UnclaimedHandler {
  return (port) => {
    const target = socketOf(path, greetedPort ?? port);
    if (target === undefined) return undefined;
    const dial = async (guest: ByteStream): Promise<void> => {
      let host: ByteStream;
      try {
        host = greetedPort === undefined ? await runtime.connect(target) : await greet(target, port);
      } catch (error) {
        log.warn("a dial of the guest found nobody", { port, target, error: ShimError.from(error).message });
        discard(guest);
        return;
      }
      await splice(guest, host);
    };
    return (guest) => void dial(guest);
  };
}

/** The base path itself: dials of the host. None is carried, which each is told. */
export async function refuseHostDials(path: string): Promise<{ close(): void }> {
  return await listenOn(path, (stream) => {
    let asked = 0;
    stream.open({
      data(chunk) {
        asked += chunk.length;
        if (!chunk.includes(0x0a) && asked < MAX_REQUEST) return;
        stream.write(new TextEncoder().encode(REFUSED));
        stream.end();
      },
      end: () => stream.end(),
      drain: () => undefined,
      close: () => undefined,
    });
  });
}

function socketOf(path: string, port: number): string | undefined {
  const guid = `${port.toString(16).padStart(8, "0")}-facb-11e6-bd58-64006a7986d3`;
  return [`${path}_${port}`, `${path}_${guid}`].find((candidate) => existsSync(candidate));
}

/** As a guest with a vsock device begins a connection (docs/guest-channel.md): what it is for, and whether that is taken. */
async function greet(target: string, port: number): Promise<ByteStream> {
  const fd = connectUnix(target);
  try {
    const greeting = new Uint8Array(4);
    new DataView(greeting.buffer).setUint32(0, port, true);
    write(fd, greeting);
    const [answer] = await readExactly(fd, 1, { signal: AbortSignal.timeout(GREETING_MS) });
    if (answer !== answers.accepted) {
      throw new ShimError("unavailable", `the host refused port ${port} (answer ${answer})`);
    }
    return runtime.adopt(fd, "socket");
  } catch (error) {
    close(fd);
    throw error;
  }
}
