import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { adoptFd, type Poller } from "./fd-carrier.ts";
import { close, pipe, setPipeSize, write } from "./libc.ts";

/** Answers each request at once, and counts them. */
class CountingPoller implements Poller {
  asked = 0;
  register: Poller["register"] = (_fd, onReady) => ({
    request: (wanted) => {
      this.asked++;
      setImmediate(() => onReady(wanted));
    },
    remove() {},
  });
}

describe("a stream over an fd", () => {
  it("reads on after a pause without asking the poller while the pipe has more", async () => {
    const [read, writeEnd] = pipe({ nonBlocking: true });
    setPipeSize(writeEnd, 256 * 1024);
    const sent = Buffer.alloc(200_000, "stream");
    assert.equal(write(writeEnd, sent), sent.length);
    close(writeEnd);
    const poller = new CountingPoller();
    const stream = adoptFd(read, "pipe", "read", poller);
    const chunks: Uint8Array[] = [];
    await new Promise<void>((resolve) => {
      stream.open({
        data(chunk) {
          chunks.push(chunk);
          stream.pause();
          setImmediate(() => stream.resume());
        },
        end() {},
        drain() {},
        close: () => resolve(),
      });
    });
    assert.ok(sent.equals(Buffer.concat(chunks)));
    assert.ok(chunks.length >= 4);
    // Once for the first bytes, once after the pipe was found empty.
    assert.equal(poller.asked, 2);
  });

  it("reads nothing more once it is paused or destroyed", async () => {
    const [read, writeEnd] = pipe({ nonBlocking: true });
    setPipeSize(writeEnd, 256 * 1024);
    write(writeEnd, new Uint8Array(200_000));
    const stream = adoptFd(read, "pipe", "read", new CountingPoller());
    let chunks = 0;
    const closed = new Promise<void>((resolve) => {
      stream.open({
        data() {
          chunks++;
          stream.pause();
          if (chunks === 2) stream.destroy();
          else setImmediate(() => stream.resume());
        },
        end() {},
        drain() {},
        close: () => resolve(),
      });
    });
    await closed;
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(chunks, 2);
    close(writeEnd);
  });
});
