import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { runtime } from "#runtime";
import { DeviceStandIn } from "../../../../test/compliance/device-stand-in.ts";
import { isKind } from "../../../errors/shim-error.ts";
import { socketResources } from "../../../gcs/sockets/mapped-sockets.ts";
import { RequestType } from "../../../prot/protocol.ts";
import { mappedSocket } from "../../../prot/resources/mapped-socket.ts";
import { ResourceType } from "../../../prot/resources/resource-type.ts";
import type { ByteStream } from "../../../sys/byte-stream.ts";
import type { SocketServer } from "../../../sys/runtime.ts";
import { createMemorySockets } from "../../../transport/memory.ts";
import { deferred } from "../../deadline.ts";
import { vmDevices } from "../devices.ts";
import { SocketController } from "./controller.ts";

let directory = "";
let server: SocketServer | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sockets-"));
});
afterEach(() => {
  server?.close();
  server = undefined;
  rmSync(directory, { recursive: true });
});

/** Real sockets on both sides; in between what the guest channel would be. */
function pod() {
  const { host, guest } = createMemorySockets();
  const { add, remove } = (() => {
    const handlers = socketResources(runtime, guest)[ResourceType.mappedSocket];
    return { add: handlers[RequestType.add], remove: handlers[RequestType.remove] };
  })();
  let last = 0;
  const controller = new SocketController({
    uvm: { sockets: host },
    guest: {
      addMappedSocket: async (settings) => add(mappedSocket.encode(settings)),
      removeMappedSocket: async (settings) => remove(mappedSocket.encode(settings)),
    },
    nextMountPath: () => join(directory, `m${last++}`),
    limits: { host: 60_000, guest: 60_000 },
  });
  return controller;
}

/** Echoes in capitals, and ends when its client does. */
async function shout(path: string): Promise<void> {
  server = await runtime.listen({ path }, (stream) => {
    stream.open({
      data: (chunk) => void stream.write(Buffer.from(Buffer.from(chunk).toString().toUpperCase())),
      end: () => stream.end(),
      drain() {},
      close() {},
    });
  });
}

interface Conversation {
  readonly stream: ByteStream;
  readonly text: Promise<string>;
  readonly first: Promise<void>;
}

async function talk(path: string, words: string): Promise<Conversation> {
  const stream = await runtime.connect(path);
  const first = deferred<void>();
  const text = new Promise<string>((resolve) => {
    const chunks: Uint8Array[] = [];
    stream.open({
      data(chunk) {
        chunks.push(chunk);
        first.resolve();
      },
      end: () => stream.end(),
      drain() {},
      close: () => resolve(Buffer.concat(chunks).toString()),
    });
  });
  if (words !== "") stream.write(Buffer.from(words));
  return { stream, text, first: first.promise };
}

describe("a socket of the host, in a VM", () => {
  it("carries connections both ways, with the rights of the host's", async () => {
    const hostPath = join(directory, "host.sock");
    await shout(hostPath);
    chmodSync(hostPath, 0o620);
    const controller = pod();
    const mapping = controller.reserve({ hostPath });
    await mapping.map();
    assert.equal(statSync(mapping.guestPath).mode & 0o777, 0o620);
    const conversations = await Promise.all([talk(mapping.guestPath, "one"), talk(mapping.guestPath, "two")]);
    for (const { first, stream } of conversations) {
      await first;
      stream.end();
    }
    assert.deepEqual(await Promise.all(conversations.map(({ text }) => text)), ["ONE", "TWO"]);
    await mapping.unmap();
    assert.equal(controller.held, 0);
  });

  it("is one for all containers that hold it, and gone with the last: its connections too", async () => {
    const hostPath = join(directory, "host.sock");
    await shout(hostPath);
    const controller = pod();
    const [first, second] = [controller.reserve({ hostPath }), controller.reserve({ hostPath })];
    assert.equal(first.guestPath, second.guestPath);
    await Promise.all([first.map(), second.map()]);
    await first.unmap();
    const conversation = await talk(second.guestPath, "still");
    await conversation.first;
    await second.unmap();
    assert.equal(await conversation.text, "STILL");
    assert.equal(existsSync(second.guestPath), false);
    await assert.rejects(runtime.connect(second.guestPath));
  });

  it("ends a connection for which nobody listens on the host any more", async () => {
    const hostPath = join(directory, "host.sock");
    await shout(hostPath);
    const mapping = pod().reserve({ hostPath });
    await mapping.map();
    server?.close();
    const { text } = await talk(mapping.guestPath, "anybody?");
    assert.equal(await text, "");
    await mapping.unmap();
  });

  it("is not mapped where the host has none, and the container may try again", async () => {
    const hostPath = join(directory, "host.sock");
    const mapping = pod().reserve({ hostPath });
    await assert.rejects(mapping.map(), /ENOENT/);
    await shout(hostPath);
    await mapping.map();
    await mapping.unmap();
  });

  it("keeps its VM from being saved", async () => {
    const hostPath = join(directory, "host.sock");
    await shout(hostPath);
    const vm = new DeviceStandIn();
    const devices = vmDevices({ uvm: vm, guest: vm });
    const mapping = devices.sockets.reserve({ hostPath });
    await mapping.map();
    assert.throws(
      () => devices.save(),
      (error) => isKind(error, "failed-precondition") && /1 sockets of this host/.test(String(error)),
    );
    await mapping.unmap();
    devices.save();
    assert.deepEqual(vm.left(), []);
  });
});
