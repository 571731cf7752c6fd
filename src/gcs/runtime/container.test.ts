import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { ContainerExit } from "../host.ts";
import { LiveGuest, notLive, refused, withGuest } from "./live-guest.ts";

const skip = notLive() ?? false;

describe("a container in real runc", { skip }, () => {
  for (const [script, code] of [
    ["exit 0", 0],
    ["exit 1", 1],
    ["exit 42", 42],
    ["no-such-command", 127],
    ["kill -TERM $$; sleep 10", 143],
    ["kill -KILL $$", 137],
    ["kill -SEGV $$", 139],
  ] as const) {
    it(`answers ${code} for sh -c "${script}"`, () =>
      withGuest(["c1"], async (guest) => {
        // As the init of a pid namespace it would be immune to its own signals.
        const { pid, stdout } = await guest.run("c1", ["/bin/sh", "-c", `sh -c '${script}' 2>/dev/null; exit $?`]);
        assert.equal(await guest.wait("c1", pid), code);
        assert.equal(stdout.text, "");
      }));
  }

  it("is created with the flags of the configured runc", async () => {
    const directory = mkdtempSync(join(tmpdir(), "gcs-runc-"));
    try {
      const binary = join(directory, "runc");
      writeFileSync(binary, `#!/bin/sh\necho "$@" >> ${directory}/calls\nexec runc "$@"\n`, { mode: 0o755 });
      const runc = { binary, noPivotRoot: true, noNewKeyring: true };
      await withGuest(
        ["c1"],
        async (guest) => {
          const { pid } = await guest.run("c1", ["/bin/sh", "-c", "exit 6"]);
          assert.equal(await guest.wait("c1", pid), 6);
        },
        { runc },
      );
      const created = readFileSync(join(directory, "calls"), "utf8")
        .split("\n")
        .find((call) => / create /.test(call));
      assert.match(created ?? "", / --no-pivot --no-new-keyring c1$/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("never loses the code of an init that dies at once", () =>
    withGuest(
      Array.from({ length: 12 }, (_, index) => `c${index}`),
      async (guest) => {
        const codes = await Promise.all(
          Array.from({ length: 12 }, async (_, index) => {
            const { pid } = await guest.run(`c${index}`, ["/bin/sh", "-c", `exit ${index + 1}`]);
            return guest.wait(`c${index}`, pid);
          }),
        );
        assert.deepEqual(codes, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
      },
    ));

  it("tells its exit once, with the way it was asked to end", () =>
    withGuest(["c1", "c2", "c3"], async (guest) => {
      const exits: ContainerExit[] = [];
      guest.host.onContainerExit((exit) => exits.push(exit));
      const first = await guest.run("c1", ["/bin/sh", "-c", "exit 3"]);
      assert.equal(await guest.wait("c1", first.pid), 3);
      const trap = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done";
      const second = await guest.run("c2", ["/bin/sh", "-c", trap]);
      await second.stdout.until("ready");
      await guest.host.shutdownContainer("c2", "graceful");
      assert.equal(await guest.wait("c2", second.pid), 7);
      const third = await guest.run("c3", ["/bin/sleep", "1000"]);
      await guest.host.shutdownContainer("c3", "forced");
      assert.equal(await guest.wait("c3", third.pid), 137);
      assert.equal(await guest.wait("c3", third.pid), 137);
      await guest.host.shutdownContainer("c3", "forced");
      assert.deepEqual(exits, [
        { containerId: "c1", type: "UnexpectedExit" },
        { containerId: "c2", type: "GracefulExit" },
        { containerId: "c3", type: "ForcedExit" },
      ]);
    }));

  it("can be waited for with a time-out", () =>
    withGuest(["c1"], async (guest) => {
      const { pid } = await guest.run("c1", ["/bin/sleep", "1000"]);
      await refused(guest.wait("c1", pid, 10), "deadline-exceeded");
      await refused(guest.wait("c1", pid + 1), "not-found", /process \d+ of container "c1" does not exist/);
      await refused(guest.wait("c2", pid), "not-found", /container "c2" does not exist/);
    }));

  it("can be killed before it was started", () =>
    withGuest(["c1"], async (guest) => {
      const { initPid } = await guest.host.createContainer("c1", await guest.bundle("c1", ["/bin/true"]));
      const waiting = guest.wait("c1", initPid);
      await guest.host.signalProcess("c1", initPid, { signal: 9 });
      assert.equal(await waiting, 137);
      await refused(guest.host.startInit("c1", {}), "failed-precondition", /is stopped; cannot start it/);
      await refused(guest.host.signalProcess("c1", initPid, { signal: 9 }), "not-found", /process already finished/);
    }));

  it("is deleted from created at once, and not while it runs", () =>
    withGuest([], async (guest) => {
      await guest.host.createContainer("c1", await guest.bundle("c1", ["/bin/true"]));
      await guest.host.deleteContainerState("c1");
      const { pid } = await guest.run("c1", ["/bin/sleep", "1000"]);
      await refused(guest.host.deleteContainerState("c1"), "failed-precondition", /is running; cannot delete it/);
      assert.deepEqual(await guest.host.processList("c1"), [pid]);
      await guest.host.signalProcess("c1", pid, {});
      assert.equal(await guest.wait("c1", pid), 137);
      await Promise.all([guest.host.deleteContainerState("c1"), guest.host.deleteContainerState("c1")]);
      await refused(guest.host.deleteContainerState("c1"), "not-found");
    }));

  it("refuses what is done twice, and is not disturbed by it", () =>
    withGuest(["c1"], async (guest) => {
      const { pid, stdout, stdin } = await guest.run("c1", ["/bin/cat"]);
      await refused(guest.run("c1", ["/bin/true"]), "already-exists", /"c1" exists/);
      await refused(guest.host.startInit("c1", {}), "failed-precondition", /is running; cannot start it/);
      await stdin.write("still here\n");
      await stdout.until("still here");
      await stdin.end();
      assert.equal(await guest.wait("c1", pid), 0);
    }));

  it("says what runc says when the command is not there, and leaves nothing", () =>
    withGuest([], async (guest) => {
      const text = /container "c1": OCI runtime create failed: .*exec: "nope": executable file not found in \$PATH/;
      await refused(guest.run("c1", ["nope"]), "invalid-argument", text);
      await refused(guest.host.deleteContainerState("c1"), "not-found");
    }));

  for (const [what, change, text] of [
    ["an unknown mount type", { mounts: [{ destination: "/x", type: "nofs", source: "x" }] }, /no such device/],
    ["no root file system", { root: { path: "none" } }, /OCI runtime create failed/],
    ["no process", { process: undefined, args: undefined }, /./],
    ["a member of the wrong type", { mounts: "none" }, /cannot unmarshal/],
    ["a role that is unknown", { annotations: { "io.kubernetes.cri.container-type": "x" } }, /sandbox or container/],
  ] as const) {
    it(`refuses a specification with ${what}`, () =>
      withGuest([], async (guest) => {
        const settings = await guest.bundle("c1", ["/bin/true"], change);
        if ("args" in change) delete settings.ociSpecification.process;
        await refused(guest.host.createContainer("c1", settings), "invalid-argument", text);
        await refused(guest.host.deleteContainerState("c1"), "not-found");
      }));
  }

  it("refuses ids that are no file names", () =>
    withGuest([], async (guest) => {
      for (const id of ["", ".", "..", "../x", "a/b", "a b", "x".repeat(256)]) {
        await refused(guest.host.createContainer(id, await guest.bundle("c1", ["/bin/true"])), "invalid-argument");
      }
    }));

  it("says how to mend a missing runc", async () => {
    const guest = await LiveGuest.create({ runc: { binary: "runc-that-is-not-there" } });
    await refused(
      guest.host.createContainer("c1", await guest.bundle("c1", ["/bin/true"])),
      "failed-precondition",
      /runc "runc-that-is-not-there" cannot be run.*install runc/,
    );
    await guest.close();
  });

  it("writes 64-bit numbers of the specification as they came", () =>
    withGuest(["c1"], async (guest) => {
      const limit = 9223372036854771712n;
      const settings = await guest.bundle("c1", ["/bin/true"]);
      const linux = { ...(settings.ociSpecification.linux as object), resources: { memory: { limit } } };
      await guest.host.createContainer("c1", {
        ...settings,
        ociSpecification: { ...settings.ociSpecification, linux },
      });
      assert.match(
        readFileSync(join(settings.ociBundlePath, "config.json"), "utf8"),
        /"limit":9223372036854771712[,}]/,
      );
    }));

  it("leaves nothing of its specification in the guest's memory", () =>
    withGuest([], async (guest) => {
      const { pid } = await guest.run("c1", ["/bin/true"]);
      await guest.wait("c1", pid);
      await guest.host.deleteContainerState("c1");
      const settings = await guest.bundle("c2", ["/bin/true"], { linux: { namespaces: [{ type: "nonsense" }] } });
      await assert.rejects(guest.host.createContainer("c2", settings));
      for (const id of ["c1", "c2"]) assert.deepEqual(readdirSync(join(guest.directory, "bundles", id)), ["rootfs"]);
    }));

  it("pauses and resumes, and is killed while paused", () =>
    withGuest(["c1"], async (guest) => {
      const { pid, stdout } = await guest.run("c1", ["/bin/sh", "-c", "while :; do echo tick; sleep 0.02; done"]);
      const freezer = (State: string) =>
        guest.host.modifyContainer("c1", { resourceType: "Freezer", requestType: "Update", settings: { State } });
      await stdout.until("tick");
      await refused(freezer("Thawed"), "failed-precondition", /is running; cannot resume it/);
      await freezer("Frozen");
      await refused(freezer("Frozen"), "failed-precondition", /is paused; cannot pause it/);
      const ociProcess = { args: ["/bin/true"], cwd: "/", user: { uid: 0, gid: 0 } };
      await refused(guest.host.execInContainer("c1", { ociProcess, emulateConsole: false }, {}), "failed-precondition");
      const ticks = stdout.length;
      assert.deepEqual((await guest.host.processList("c1")).includes(pid), true);
      await freezer("Thawed");
      while (stdout.length <= ticks) await new Promise((resolve) => setTimeout(resolve, 5));
      await freezer("Frozen");
      await guest.host.signalProcess("c1", pid, { signal: 9 });
      assert.equal(await guest.wait("c1", pid), 137);
    }));

  it("takes new limits while it runs", () =>
    withGuest(["c1"], async (guest) => {
      await guest.run("c1", ["/bin/sleep", "1000"]);
      const update = (settings: unknown) =>
        guest.host.modifyContainer("c1", { resourceType: "ContainerConstraints", requestType: "Update", settings });
      await update({ Linux: { memory: { limit: 33554432 }, pids: { limit: 77 } } });
      const { v1 } = (await guest.host.statistics("c1")) as {
        v1: Record<string, Record<string, Record<string, unknown>>>;
      };
      assert.equal(v1.memory?.usage?.limit, 33554432);
      assert.equal(v1.pids?.limit, 77);
      await refused(update({}), "invalid-argument", /has no Linux resources/);
      await refused(update({ Linux: { memory: { limit: "much" } } }), "invalid-argument");
      const other = { resourceType: "Network", requestType: "Add", settings: {} };
      await refused(guest.host.modifyContainer("c1", other), "invalid-argument", /not supported for containers/);
    }));

  it("is measured, and lists its processes", () =>
    withGuest(["c1"], async (guest) => {
      const { pid, stdout } = await guest.run("c1", [
        "/bin/sh",
        "-c",
        "sleep 1000 & dd if=/bin/busybox of=/tmp/x 2>/dev/null; echo done; wait",
      ]);
      await stdout.until("done");
      const pids = await guest.host.processList("c1");
      assert.equal(pids.length, 2);
      assert.ok(pids.includes(pid));
      const { v1 } = (await guest.host.statistics("c1")) as {
        v1: Record<string, Record<string, Record<string, unknown>>>;
      };
      assert.ok(BigInt(String(v1.cpu?.usage?.total)) > 0n);
      assert.ok(BigInt(String(v1.memory?.usage?.usage)) > 0n);
      assert.equal(v1.pids?.current, 2);
      await guest.host.shutdownContainer("c1", "forced");
      await guest.wait("c1", pid);
      assert.deepEqual(await guest.host.processList("c1"), []);
      assert.deepEqual(await guest.host.statistics("c1"), {});
    }));

  it("signals all of its processes at once", () =>
    withGuest(["c1"], async (guest) => {
      const script =
        "trap 'echo outer' USR1; sh -c 'trap \"echo inner; exit\" USR1; echo ready; while :; do sleep 0.02; done' & while :; do sleep 0.02; done";
      const { pid, stdout } = await guest.run("c1", ["/bin/sh", "-c", script]);
      await stdout.until("ready");
      await guest.host.signalProcess("c1", pid, { signal: 10, all: true });
      await Promise.all([stdout.until("outer"), stdout.until("inner")]);
      await refused(guest.host.signalProcess("c1", pid, { signal: 65 }), "invalid-argument");
      await refused(guest.host.signalProcess("c1", 1, {}), "not-found");
    }));

  it("ends what its init leaves behind where they share the guest's pid namespace", () =>
    withGuest(["c1"], async (guest) => {
      const linux = {
        namespaces: ["ipc", "uts", "mount", "network"].map((type) => ({ type })),
        cgroupsPath: `/${guest.cgroup}/c1`,
      };
      const { pid, stdout } = await guest.run("c1", ["/bin/sh", "-c", "sleep 1000 & echo left; exit 5"], { linux });
      assert.equal(await guest.wait("c1", pid), 5);
      assert.equal(stdout.text, "left\n");
    }));

  it("shows itself in a stack dump", () =>
    withGuest(["c1"], async (guest) => {
      const { pid } = await guest.run("c1", ["/bin/sleep", "1000"]);
      const dump = await guest.host.dumpStacks();
      assert.match(dump, /guest-host\.ts/);
      assert.match(dump, /^container c1 running/m);
      assert.match(dump, new RegExp(`^ {2}pid ${pid} running.*/bin/sleep 1000$`, "m"));
    }));

  it("passes an offered fd to its process", () =>
    withGuest(["c1"], async (guest) => {
      const out = join(guest.directory, "out");
      const ports = {
        stdin: guest.offer(openSync("/bin/busybox", "r")),
        stdout: guest.offer(openSync(out, "w")),
      };
      const settings = await guest.bundle("c1", ["/bin/sh", "-c", "cat; echo end >&2"]);
      const { initPid } = await guest.host.createContainer("c1", { ...settings, initStdio: ports });
      await guest.host.startInit("c1", {});
      assert.equal(await guest.wait("c1", initPid), 0);
      assert.ok(readFileSync(out).equals(readFileSync("/bin/busybox")));
    }));

  it("fails a create whose stdio port is dead, and closes the fd beside it", () =>
    withGuest([], async (guest) => {
      const fd = openSync("/dev/null", "r");
      const initStdio = { stdin: guest.offer(fd), stdout: 0x4fff_ffff };
      const settings = await guest.bundle("c1", ["/bin/true"]);
      await refused(guest.host.createContainer("c1", { ...settings, initStdio }), "unavailable");
      assert.throws(() => closeSync(fd), /EBADF/);
    }));
});
