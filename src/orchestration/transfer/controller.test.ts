import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ShimError } from "../../errors/shim-error.ts";
import type { ArchiveRequest, GuestArchive } from "../../guestmanager/guest.ts";
import { Recorder } from "../../sys/stream-recorder.ts";
import { isKind, streamPair } from "../../ttrpc/testing.ts";
import { deferred } from "../deadline.ts";
import { StreamController } from "../stream/controller.ts";
import type { StreamMessage } from "../stream/ports.ts";
import { TransferController } from "./controller.ts";
import type { TransferEnd } from "./ports.ts";

const { signal } = new AbortController();
const container: TransferEnd = { kind: "container", id: "c1", path: "/a", noWalk: true, preserveOwnership: false };
const source: TransferEnd = { kind: "source", stream: "s", mediaType: "application/x-tar" };
const destination: TransferEnd = { ...source, kind: "destination" };
const data = (text: string): StreamMessage => ({ kind: "data", bytes: Buffer.from(text) });

/** A client of stream "s" that sends these messages, and a guest that is the test. */
class Subject {
  readonly sent: StreamMessage[] = [];
  readonly requests: ArchiveRequest[] = [];
  readonly streams = new StreamController("/s");
  readonly result = deferred<void>();
  readonly guest: Recorder;
  readonly transfers: TransferController;
  readonly over: Promise<void>;
  readonly #gone = new AbortController();

  constructor(messages: (StreamMessage | undefined)[], stallMs = 60_000) {
    const [ours, theirs] = streamPair();
    this.guest = new Recorder(theirs);
    const archive: GuestArchive = { data: ours, result: this.result.promise };
    const pod = {
      archive: async (_id: string, request: ArchiveRequest, use: (archive: GuestArchive) => Promise<void>) => {
        this.requests.push(request);
        await use(archive);
      },
    };
    this.transfers = new TransferController(this.streams, pod, { stallMs });
    const never = new Promise<undefined>(() => {});
    this.over = this.#attach("s", () => (messages.length > 0 ? Promise.resolve(messages.shift()) : never));
    this.over.catch(() => {});
  }

  leave(): void {
    this.#gone.abort(new ShimError("canceled", "gone"));
  }

  watch(id: string, send?: () => Promise<void>): void {
    void this.#attach(id, () => new Promise(() => {}), send);
  }

  run(from: TransferEnd, to: TransferEnd, progressStream = ""): Promise<void> {
    return this.transfers.transfer({ from, to, progressStream }, { signal });
  }

  #attach(
    id: string,
    receive: () => Promise<StreamMessage | undefined>,
    send = async (message: StreamMessage): Promise<void> => void this.sent.push(message),
  ): Promise<void> {
    const carrier = { receive, send, closeSend: () => {}, signal: this.#gone.signal, broken: false };
    return this.streams.attach(id, carrier).over;
  }
}

describe("a transfer", () => {
  it("writes what the client sends to the guest, and waits for what the guest makes of it", async () => {
    const subject = new Subject([data("tar"), undefined]);
    const done = subject.run(source, container);
    await subject.guest.seen("end");
    assert.equal(Buffer.concat(subject.guest.chunks).toString(), "tar");
    subject.result.resolve();
    await done;
    await subject.over;
    assert.equal(subject.streams.size, 0);
  });

  it("sends the client what the guest packs, tells how far it is, and ends both streams", async () => {
    const subject = new Subject([{ kind: "window", bytes: 65_536 }]);
    subject.watch("p");
    const done = subject.run(container, destination, "p");
    subject.guest.stream.write(Buffer.from("archive"));
    subject.guest.stream.end();
    subject.result.resolve();
    await done;
    await subject.over;
    assert.deepEqual(subject.requests, [{ direction: "Out", path: "/a", noWalk: true, preserveOwnership: false }]);
    const told = subject.sent.filter(({ kind }) => kind !== "window");
    assert.deepEqual(told.at(-1), { kind: "progress", event: "done", name: "/a", bytes: 7 });
    assert.deepEqual(
      told.find(({ kind }) => kind === "data"),
      data("archive"),
    );
    assert.equal(subject.streams.size, 0);
  });

  it("tells both the caller and the stream what the guest refuses", async () => {
    const subject = new Subject([{ kind: "window", bytes: 65_536 }]);
    const done = subject.run(container, destination);
    subject.result.reject(new ShimError("not-found", "no such file"));
    subject.guest.stream.destroy();
    await assert.rejects(done, isKind("not-found", "no such file"));
    await assert.rejects(subject.over, isKind("not-found", "no such file"));
    assert.equal(subject.streams.size, 0);
  });

  it("ends the guest's copying when the client is gone", async () => {
    const subject = new Subject([]);
    const done = subject.run(container, destination);
    subject.guest.stream.write(Buffer.from("archive"));
    subject.leave();
    await assert.rejects(done, isKind("canceled"));
    await subject.guest.seen("close");
    assert.equal(subject.streams.size, 0);
  });

  it("ends when nothing moves", async () => {
    const subject = new Subject([], 30);
    await assert.rejects(subject.run(source, container), isKind("deadline-exceeded", /stood still for 0.03 s/));
    await subject.guest.seen("close");
    await assert.rejects(subject.over, isKind("deadline-exceeded"));
    assert.equal(subject.streams.size, 0);
  });

  it("is not held up for ever by who does not take its progress", async () => {
    const subject = new Subject([{ kind: "window", bytes: 65_536 }], 2000);
    subject.watch("p", () => new Promise(() => {}));
    const done = subject.run(container, destination, "p");
    subject.guest.stream.write(Buffer.from("archive"));
    subject.guest.stream.end();
    subject.result.resolve();
    await done;
    await subject.over;
    assert.equal(subject.streams.size, 0);
  });

  it("is between a container and a tar stream that is open", async () => {
    const { transfers } = new Subject([]);
    const run = (from: TransferEnd, to: TransferEnd) =>
      transfers.transfer({ from, to, progressStream: "" }, { signal });
    await assert.rejects(run(container, source), isKind("unimplemented", /container to a source/));
    await assert.rejects(run(source, destination), isKind("unimplemented"));
    const zip = { ...destination, mediaType: "application/zip" };
    await assert.rejects(run(container, zip), isKind("unimplemented", /application\/zip/));
    const closed = { ...destination, stream: "nobody" };
    await assert.rejects(run(container, closed), isKind("not-found", /stream nobody does not exist/));
  });
});
