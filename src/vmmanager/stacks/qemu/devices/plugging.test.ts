import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { notFound } from "../../../../errors/shim-error.ts";
import { createLogger } from "../../../../log/logger.ts";
import type { DeviceContext } from "./context.ts";
import { noHardware } from "./hardware.ts";
import { ScsiDisks } from "./scsi.ts";
import { VpmemDevices } from "./vpmem.ts";

type Answer = () => unknown;

/** A monitor that answers each command as told, else with nothing. */
function withMonitor(answers: Readonly<Record<string, Answer>>, stateDirectory: string) {
  const logged: string[] = [];
  const hardware = noHardware();
  const qmp = {
    execute: async (command: string) => answers[command]?.() ?? {},
    next: () => new Promise(() => undefined),
  };
  const monitor = { qmp, addFd: async () => ({ id: 1, path: "/dev/fdset/1" }), removeFd: async () => undefined };
  const log = createLogger({ level: "info", sink: { write: (line) => logged.push(line) } });
  const context = { id: "v1", stateDirectory, hardware, monitor, log } as unknown as DeviceContext;
  return { context, hardware, logged };
}

describe("plugging a device in", () => {
  const directory = mkdtempSync(join(tmpdir(), "uvm-plugging-"));
  const image = join(directory, "image");
  writeFileSync(image, "", { mode: 0o644 });
  truncateSync(image, 2 << 20);
  after(() => rmSync(directory, { recursive: true }));

  it("does not fail for one disk because the caller of another leaves, who asked for their controller first", async () => {
    let plugged: Answer = () => undefined;
    const controller = new Promise((resolve) => {
      plugged = () => resolve({});
    });
    const gone = (): never => {
      throw notFound("no such device");
    };
    const { context, hardware } = withMonitor({ device_add: () => controller, device_del: gone }, directory);
    const disks = new ScsiDisks(context);
    const leaving = new AbortController();
    const disk = { controller: 1, hostPath: image, readOnly: true };
    const first = disks.addScsiDisk({ ...disk, lun: 0 }, { signal: leaving.signal });
    const second = disks.addScsiDisk({ ...disk, lun: 1 });
    leaving.abort(new Error("left"));
    await assert.rejects(first, /left/);
    plugged();
    await second;
    assert.deepEqual([hardware.controllers, hardware.disks.map(({ lun }) => lun)], [[1], [1]]);
  });

  it("tells why it failed, also where a part of it stays, which is then kept in mind", async () => {
    const refuse = (why: string) => (): never => {
      throw new Error(why);
    };
    const answers = {
      "query-fdsets": () => [{ id: 1, fds: [{ fd: 5 }] }],
      device_add: refuse("no slot"),
      "object-del": refuse("in use"),
    };
    const { context, hardware, logged } = withMonitor(answers, directory);
    const device = { deviceNumber: 0, hostPath: image, readOnly: true };
    await assert.rejects(new VpmemDevices(context).addVpmemDevice(device), /no slot/);
    assert.equal(hardware.vpmem.length, 1);
    assert.match(logged.join(""), /cannot undo the failed attempt to add VPMem device 0.*in use/);
  });
});
