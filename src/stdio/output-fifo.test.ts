import assert from "node:assert/strict";
import { constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { close, mkfifo, open, read, write } from "../sys/libc.ts";
import { OutputFifo } from "./output-fifo.ts";

const NEVER = 1_000_000;

describe("the FIFO of a process that has ended", () => {
  let directory = "";
  let path = "";
  let client = -1;
  let fifo: OutputFifo;
  const begin = (options: { stalledMs: number; slowMs: number }): void => {
    fifo = new OutputFifo(path, options);
    const fd = fifo.stdout.passFd();
    write(fd, new Uint8Array(5000));
    close(fd);
  };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "uvm-output-fifo-"));
    path = join(directory, "fifo");
    mkfifo(path, 0o600);
    client = open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  });
  afterEach(async () => {
    await fifo.close();
    close(client);
    rmSync(directory, { recursive: true });
  });

  // ctr of containerd 1.6 stops reading when it learns of the exit, which is told after this.
  it("is drained when its client has read the last byte, and not before", async () => {
    begin({ stalledMs: NEVER, slowMs: NEVER });
    let drained = false;
    const all = fifo.drained(NEVER).then(() => {
      drained = true;
    });
    await delay(20);
    assert.ok(!drained);
    assert.equal(read(client, new Uint8Array(4999)), 4999);
    await delay(20);
    assert.ok(!drained);
    assert.equal(read(client, new Uint8Array(2)), 1);
    await all;
  });

  it("is not waited for where nobody reads on, nor longer than asked, and keeps what is in it", async () => {
    begin({ stalledMs: 1, slowMs: NEVER });
    await fifo.drained(NEVER);
    await fifo.drained(0);
    await fifo.close();
    await fifo.drained(NEVER);
    assert.equal(read(client, new Uint8Array(10_000)), 5000);
  });
});
