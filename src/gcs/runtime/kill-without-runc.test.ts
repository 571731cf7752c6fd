import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { until } from "../../../test/harness/until.ts";
import { isKind } from "../../errors/shim-error.ts";
import { RequestType } from "../../prot/protocol.ts";
import { ResourceType } from "../../prot/resources/resource-type.ts";
import { notLive, withGuest } from "./live-guest.ts";
import { Runc } from "./runc.ts";

const skip = notLive() ?? false;

describe("a runc that hangs", { skip }, () => {
  it("ends with its guest, and makes nothing afterwards", async () => {
    const directory = mkdtempSync(join(tmpdir(), "gcs-hang-"));
    const [binary, gate, root] = [join(directory, "runc"), join(directory, "hang"), join(directory, "root")];
    writeFileSync(binary, `#!/bin/sh\nwhile [ -e ${gate} ]; do sleep 0.1; done\nexec runc "$@"\n`, { mode: 0o755 });
    writeFileSync(gate, "");
    try {
      const settings = { ...{ binary, root, systemdCgroup: false }, ...{ noPivotRoot: false, noNewKeyring: false } };
      const runc = new Runc({ ...settings, logDirectory: join(directory, "log") });
      const hanging = assert.rejects(runc.delete("c1"));
      await runc.end();
      await hanging;
      rmSync(gate);
      await assert.rejects(runc.delete("c1"), (error) => isKind(error, "unavailable"));
      assert.ok(!existsSync(root));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("is killed at the end of its guest only if it hangs: one that works is let finish", async () => {
    const directory = mkdtempSync(join(tmpdir(), "gcs-hang-"));
    const [binary, begun] = [join(directory, "runc"), join(directory, "begun")];
    const script = `#!/bin/sh\ncase "$*" in *" create "*) echo > ${begun}; sleep 0.3;; esac\nexec runc "$@"\n`;
    writeFileSync(binary, script, { mode: 0o755 });
    try {
      await withGuest(
        ["c1"],
        async (guest) => {
          const creating = guest.host.createContainer("c1", await guest.bundle("c1", ["sleep", "1000"]));
          await until("runc create begins", () => existsSync(begun));
          await guest.gcs.killCommands();
          await creating;
        },
        { runc: { binary }, commandMs: 60_000 },
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("does not outlive the process that waits for it", async () => {
    const directory = mkdtempSync(join(tmpdir(), "gcs-hang-"));
    const [binary, begun, root] = [join(directory, "runc"), join(directory, "begun"), join(directory, "root")];
    writeFileSync(binary, `#!/bin/sh\necho $$ > ${begun}\nexec sleep 1000\n`, { mode: 0o755 });
    const settings = { binary, root, systemdCgroup: false, noPivotRoot: false, noNewKeyring: false };
    const program = `
      import { existsSync, readFileSync } from "node:fs";
      import { Runc } from ${JSON.stringify(new URL("runc.ts", import.meta.url).pathname)};
      const runc = new Runc(${JSON.stringify({ ...settings, logDirectory: join(directory, "log") })});
      runc.delete("c1").catch(() => {});
      const look = () => existsSync("${begun}") && readFileSync("${begun}", "utf8").endsWith("\\n") ? process.exit(7) : setTimeout(look, 10);
      look();`;
    const node = process.versions.bun === undefined ? ["--import", "tsx", "--input-type=module"] : [];
    try {
      const { status, stderr } = spawnSync(process.execPath, [...node, "-e", program], { encoding: "utf8" });
      assert.equal(status, 7, stderr);
      // Empty of a dead one that init has not taken yet.
      const commandLine = `/proc/${readFileSync(begun, "utf8").trim()}/cmdline`;
      await until("it has ended", () => !existsSync(commandLine) || readFileSync(commandLine, "utf8") === "");
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("is killed at the end of its guest, and the container that it was creating is taken back", async () => {
    const directory = mkdtempSync(join(tmpdir(), "gcs-hang-"));
    const [binary, begun] = [join(directory, "runc"), join(directory, "begun")];
    const script = `#!/bin/sh\ncase "$*" in *" create "*) echo > ${begun}; exec sleep 1000;; esac\nexec runc "$@"\n`;
    writeFileSync(binary, script, { mode: 0o755 });
    try {
      await withGuest(
        [],
        async (guest) => {
          const creating = assert.rejects(
            guest.host.createContainer("c1", await guest.bundle("c1", ["sleep", "1000"])),
          );
          await until("runc create hangs", () => existsSync(begun));
          await assert.rejects(guest.host.deleteContainerState("c1"), /is creating/);
          await guest.gcs.killCommands();
          await assert.rejects(guest.host.deleteContainerState("c1"), (error) => isKind(error, "not-found"));
          await creating;
        },
        { runc: { binary }, rollBackMs: 60_000 },
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  for (const [what, args, options] of [
    ["all of a container", ["/bin/sh", "-c", "sleep 1000 & wait"], { signal: 9, all: true }],
    ["a container that is being paused", ["sleep", "1000"], { signal: 9 }],
  ] as const) {
    it(`does not keep a SIGKILL from ${what}`, async () => {
      const directory = mkdtempSync(join(tmpdir(), "gcs-hang-"));
      const [binary, gate] = [join(directory, "runc"), join(directory, "hang")];
      writeFileSync(binary, `#!/bin/sh\nwhile [ -e ${gate} ]; do sleep 0.1; done\nexec runc "$@"\n`, { mode: 0o755 });
      try {
        await withGuest(
          ["c1"],
          async (guest) => {
            const { pid } = await guest.run("c1", args);
            writeFileSync(gate, "");
            const { freezer: resourceType } = ResourceType;
            const freeze = { resourceType, requestType: RequestType.update, settings: { State: "Frozen" } };
            const pause = "all" in options ? Promise.resolve() : guest.host.modifyContainer("c1", freeze);
            pause.catch(() => {});
            await guest.host.signalProcess("c1", pid, options);
            assert.equal(await guest.wait("c1", pid), 137);
            rmSync(gate);
            await pause.catch(() => {});
          },
          { runc: { binary } },
        );
      } finally {
        rmSync(directory, { recursive: true });
      }
    });
  }
});
