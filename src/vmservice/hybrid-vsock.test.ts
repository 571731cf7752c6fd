import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { runtime } from "#runtime";
import { until } from "../../test/harness/until.ts";
import { silentLogger } from "../log/logger.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import { leakedFds, openFds } from "../sys/fd-leaks.ts";
import { memoryStreamPair } from "../transport/memory-stream.ts";
import { guestDials, refuseHostDials } from "./hybrid-vsock.ts";
import type { VsockPlan } from "./plan.ts";
import { listenOn } from "./socket-path.ts";

/** What one end of a stream has got, and how it stands. */
class End {
  text = "";
  ended = false;
  closed = false;
  readonly #stream: ByteStream;

  constructor(stream: ByteStream) {
    this.#stream = stream;
    stream.open({
      data: (chunk) => {
        this.text += Buffer.from(chunk).toString("latin1");
      },
      end: () => {
        this.ended = true;
      },
      drain: () => undefined,
      close: () => {
        this.closed = true;
      },
    });
  }

  say(text: string): void {
    this.#stream.write(Buffer.from(text, "latin1"));
  }

  end(): void {
    this.#stream.end();
  }
}

describe("hybrid vsock over the guest channel", { timeout: 60_000 }, () => {
  const before = openFds();
  const directory = mkdtempSync(join(tmpdir(), "uvm-hybrid-vsock-"));
  const path = join(directory, "v");
  after(async () => {
    rmSync(directory, { recursive: true });
    assert.deepEqual(await leakedFds(before), []);
  });

  /** The guest's end of a dial; undefined where it is refused. */
  function dial(port: number, plan: VsockPlan = { path }): End | undefined {
    const take = guestDials(plan, silentLogger)(port);
    if (take === undefined) return undefined;
    const [host, guest] = memoryStreamPair();
    take(host);
    return new End(guest);
  }

  /** Serves one connection on a socket. */
  async function served(suffix: string, run: (accepted: () => Promise<End>) => Promise<void>): Promise<void> {
    const ends: End[] = [];
    const listener = await listenOn(`${path}_${suffix}`, (stream) => void ends.push(new End(stream)));
    try {
      await run(() => until("a connection", () => ends[0]));
    } finally {
      listener.close();
    }
  }

  async function talk(guest: End | undefined, host: End): Promise<void> {
    assert.ok(guest !== undefined);
    guest.say("ping");
    await until("the guest's bytes", () => host.text.endsWith("ping"));
    host.say("pong");
    host.end();
    await until("the host's bytes, and their end", () => guest.text === "pong" && guest.ended);
    guest.end();
    await until("the end of both", () => guest.closed && host.closed);
  }

  it("brings a dial to the socket of its port, or of its port's GUID", async () => {
    await served("1073741824", async (accepted) => talk(dial(0x4000_0000), await accepted()));
    await served("00000050-facb-11e6-bd58-64006a7986d3", async (accepted) => talk(dial(80), await accepted()));
  });

  it("refuses a dial that no socket is there for, and ends one whose socket nobody serves", async () => {
    assert.equal(dial(7), undefined);
    writeFileSync(`${path}_8`, "");
    const guest = dial(8);
    await until("its end", () => guest?.closed);
    rmSync(`${path}_8`);
  });

  it("says for a guest that has one port what each dial is for", async () => {
    await served("5000", async (accepted) => {
      const guest = dial(0x4000_0001, { path, greetedPort: 5000 });
      const host = await accepted();
      await until("the greeting", () => host.text === "\x01\0\0\x40");
      host.say("\0");
      await talk(guest, host);
      assert.equal(host.text, "\x01\0\0\x40ping");
    });
    await served("5000", async (accepted) => {
      const guest = dial(2, { path, greetedPort: 5000 });
      const host = await accepted();
      host.say("\x01");
      host.end();
      await until("its refusal, and the end of both", () => guest?.closed && host.closed);
    });
  });

  it("tells a host that dials that nobody carries it", async () => {
    const listener = await refuseHostDials(path);
    const host = new End(await runtime.connect(path));
    host.say("CONNECT 22\n");
    await until("the answer", () => host.ended);
    assert.match(host.text, /^ERR .*\n$/);
    host.end();
    await until("its end", () => host.closed);
    listener.close();
    await until("the socket's end", () => !existsSync(path));
  });
});
