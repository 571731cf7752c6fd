import assert from "node:assert/strict";
import { resolve } from "node:path";
import { describe, it } from "node:test";
import { DeviceKind } from "../../src/generated/uvmshim/uvm/v1.ts";
import { type Kind, parseDevice } from "./devices.ts";

const none = { guest: "", readOnly: false, bare: false };

describe("a device on uvmctl's command line", () => {
  const good: readonly [Kind, string, object][] = [
    ["disk", "d.img", { ...none, kind: DeviceKind.DISK, source: resolve("d.img") }],
    ["disk", "/d:/run/d:ro:bare", { kind: DeviceKind.DISK, source: "/d", guest: "/run/d", readOnly: true, bare: true }],
    ["disk", "/d:ro", { ...none, kind: DeviceKind.DISK, source: "/d", readOnly: true }],
    ["share", "/a:/b:ro", { ...none, kind: DeviceKind.SHARE, source: "/a", guest: "/b", readOnly: true }],
    ["nic", "tap:t0", { ...none, kind: DeviceKind.NIC, source: "tap:t0" }],
    [
      "nic",
      "unix:/s,52:54:00:00:00:01",
      { ...none, kind: DeviceKind.NIC, source: "unix:/s", guest: "52:54:00:00:00:01" },
    ],
    ["vpmem", "/p", { ...none, kind: DeviceKind.VPMEM, source: "/p" }],
  ];
  for (const [kind, text, device] of good) {
    it(`${kind} ${text} is understood`, () => assert.deepEqual(parseDevice(kind, text), device));
  }

  for (const [kind, text] of [
    ["disk", ""],
    ["disk", "/d:nosuch"],
    ["disk", "/d:ro:/run/d"],
    ["share", "/a"],
    ["share", "/a:/b:bare"],
    ["nic", "wire:t0"],
    ["nic", "tap:"],
    ["vpmem", ""],
  ] as const) {
    it(`${kind} ${JSON.stringify(text)} is refused, with the form`, () => {
      assert.throws(() => parseDevice(kind, text), { kind: "invalid-argument", message: / is none: give \S/ });
    });
  }
});
