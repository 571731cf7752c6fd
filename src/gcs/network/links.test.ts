import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { linkWithMac } from "./links.ts";

const MAC = "00:15:5d:aa:bb:cc";

describe("the link with a MAC address", () => {
  it("is there with all of its files, not with the first: its MTU is read next", async () => {
    const links = mkdtempSync(join(tmpdir(), "uvm-links-"));
    try {
      const add = (link: string, file: string, text: string): void => {
        mkdirSync(join(links, link), { recursive: true });
        writeFileSync(join(links, link, file), text);
      };
      add("lo", "address", "00:00:00:00:00:00\n");
      add("lo", "mtu", "65536\n");
      mkdirSync(join(links, "eth0"));
      await assert.rejects(linkWithMac(MAC, { withinMs: 0 }, links), {
        kind: "not-found",
        message: `no link has MAC address ${MAC}`,
      });
      add("eth0", "address", `${MAC}\n`);
      await assert.rejects(linkWithMac(MAC, { withinMs: 0 }, links), { kind: "not-found" });
      const found = linkWithMac(MAC, { withinMs: 60_000 }, links);
      add("eth0", "mtu", "1500\n");
      assert.equal(await found, "eth0");
    } finally {
      rmSync(links, { recursive: true });
    }
  });
});
