import assert from "node:assert/strict";
import { fstatSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { leakedFds, openFds } from "../../../sys/fd-leaks.ts";
import { close, open } from "../../../sys/libc.ts";
import { acceptUnix, listenUnix, type ReceivedMessage, receiveFds, sendFds } from "../../../sys/libc-socket.ts";
import { registerFd } from "./fd-registration.ts";

async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await sleep(2);
  }
}

/** A service's end of one registration: the bytes of the protocol's own examples. */
async function withService(
  answer: (connection: number) => Promise<ReceivedMessage | undefined>,
  run: (path: string) => Promise<void>,
): Promise<ReceivedMessage | undefined> {
  const before = openFds();
  const directory = mkdtempSync(join(tmpdir(), "uvm-fds-"));
  const path = join(directory, "s");
  const listener = listenUnix(path);
  const serve = async (): Promise<ReceivedMessage | undefined> => {
    const connection = await until(() => acceptUnix(listener));
    try {
      return await answer(connection);
    } finally {
      close(connection);
    }
  };
  try {
    const [received] = await Promise.all([serve(), run(path)]);
    for (const fd of received?.fds ?? []) close(fd);
    return received;
  } finally {
    close(listener);
    rmSync(directory, { recursive: true });
    assert.deepEqual(await leakedFds(before), []);
  }
}

const limit = () => ({ signal: AbortSignal.timeout(30_000) });
const hello = Uint8Array.of(0xfd, 0x46, 0x44, 0x01, 0, 0, 0, 0);

async function greet(connection: number): Promise<ReceivedMessage> {
  assert.deepEqual(Uint8Array.from((await until(() => receiveFds(connection))).bytes), hello);
  sendFds(connection, hello, []);
  return until(() => receiveFds(connection));
}

describe("an fd that a service is to have", { timeout: 60_000 }, () => {
  it("goes under its name, with one request, and stays ours", async () => {
    const fd = open("/dev/null", 0);
    const received = await withService(
      async (connection) => {
        const request = await greet(connection);
        assert.equal(fstatSync(request.fds[0] ?? -1).rdev, fstatSync(fd).rdev);
        sendFds(connection, Uint8Array.of(0, 0, 0), []);
        // Until it hangs up: then the name is gone.
        assert.equal((await until(() => receiveFds(connection))).bytes.length, 0);
        return request;
      },
      async (path) => (await registerFd(path, "t0", fd, limit())).forget(),
    );
    assert.deepEqual(Uint8Array.from(received?.bytes ?? []), Uint8Array.of(1, 2, 0x74, 0x30));
    assert.equal(received?.fds.length, 1);
    close(fd);
  });

  it("is refused with the service's words", async () => {
    await withService(
      async (connection) => {
        const request = await greet(connection);
        sendFds(connection, Uint8Array.of(1, 4, 0, 0x62, 0x6f, 0x6f, 0x6d), []);
        return request;
      },
      (path) =>
        assert.rejects(registerFd(path, "t0", 0, limit()), { kind: "internal", message: /refused .* t0: boom/ }),
    );
  });

  it("can't go to a service that knows nothing of it, which hangs up or answers something else", async () => {
    await withService(
      async () => undefined,
      (path) => assert.rejects(registerFd(path, "t0", 0, limit())),
    );
    await withService(
      async (connection) => {
        await until(() => receiveFds(connection));
        sendFds(connection, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1), []);
        return undefined;
      },
      (path) => assert.rejects(registerFd(path, "t0", 0, limit()), { kind: "unimplemented" }),
    );
  });
});
