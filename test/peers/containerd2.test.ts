import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { run } from "../harness/command.ts";
import { runtimeUnderTest } from "../harness/runtime-under-test.ts";
import { until } from "../harness/until.ts";
import { useMachine } from "../harness/use-machine.ts";

const out = fileURLToPath(new URL("../../out/peers", import.meta.url));

interface Peer {
  readonly title: string;
  readonly binary: string;
  /** A client that this release serves: that of 2.x asks for services that 1.6 has not. */
  readonly ctr: string;
  readonly release: RegExp;
  /** What containerd made of the reply to `start`. Ours answers version 3 in protobuf alone, version 2 in JSON. */
  readonly bootstrap: { readonly file: "bootstrap.json"; readonly version: number } | { readonly file: "address" };
}

/** One containerd for each form of the shim's bootstrap reply (reference: containerd-shim 1.4, 1.5). */
const peers: readonly Peer[] = [
  {
    title: "containerd 2.4, bootstrap in protobuf",
    binary: join(out, "containerd"),
    ctr: join(out, "ctr"),
    release: / 2\.4\./,
    bootstrap: { file: "bootstrap.json", version: 3 },
  },
  {
    title: "containerd 2.2, bootstrap in JSON",
    binary: join(out, "containerd-2.2"),
    ctr: join(out, "ctr"),
    release: / 2\.2\./,
    bootstrap: { file: "bootstrap.json", version: 2 },
  },
  {
    title: "containerd 1.6 of Debian, bootstrap in plain text",
    binary: "/usr/bin/containerd",
    ctr: "/usr/bin/ctr",
    release: / 1\.6\./,
    bootstrap: { file: "address" },
  },
];

const [newest] = peers;
const { isPeer } = runtimeUnderTest();
/** Ends with code 3 at SIGTERM. */
const service = ["sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.05; done"];

for (const peer of peers) {
  const { title, binary, ctr: client, release, bootstrap } = peer;
  const skip = isPeer && peer !== newest && "the runc shim of 2.4 refuses to be started by an older containerd";
  describe(title, { skip }, () => {
    const machine = useMachine({ binary, ctr: client });

    it("is the release that it should be", async () => {
      assert.match((await run([binary, "--version"])).stdout, release);
    });

    it("runs a container to its end", async () => {
      const { code, stdout } = await machine().ctr.run(machine().id("run"), ["sh", "-c", "echo out; exit 42"]);
      assert.deepEqual({ code, stdout }, { code: 42, stdout: "out\n" });
    });

    it("understands the shim's reply in its own form", {
      skip: isPeer && "another shim answers otherwise",
    }, async () => {
      const id = machine().id("dialect");
      await machine().ctr.runDetached(id, service);
      const bundle = machine().bundle(id);
      const reply = readFileSync(join(bundle, bootstrap.file), "utf8");
      if (bootstrap.file === "address") {
        assert.match(reply, /^unix:\/\/\/[^\s{}]+$/);
        assert.ok(!existsSync(join(bundle, "bootstrap.json")));
      } else {
        const { version, protocol, address } = JSON.parse(reply);
        assert.deepEqual({ version, protocol }, { version: bootstrap.version, protocol: "ttrpc" });
        assert.match(address, /^unix:\/\/\//);
      }
      await machine().ctr.remove(id);
    });

    it("execs, pauses, resumes, meters, kills and deletes", async () => {
      const { ctr } = machine();
      const id = machine().id("flow");
      await ctr.runDetached(id, service);
      assert.equal((await ctr.exec(id, "e1", ["sh", "-c", "echo inside; exit 5"])).code, 5);
      await ctr.ok("tasks", "pause", id);
      assert.equal(await ctr.status(id), "PAUSED");
      await ctr.ok("tasks", "resume", id);
      assert.equal(await ctr.status(id), "RUNNING");
      assert.match(await ctr.ok("tasks", "metrics", id), /memory/);
      assert.match(await ctr.ok("tasks", "ps", id), new RegExp(`^${await ctr.pid(id)}\\b`, "m"));
      await ctr.ok("tasks", "kill", "--signal", "SIGTERM", id);
      await until("it stopped", async () => (await ctr.status(id)) === "STOPPED");
      assert.match((await ctr.call(["tasks", "delete", id])).stderr, /non-zero exit code 3/);
      await ctr.ok("containers", "delete", id);
    });

    it("finds a running container again after its restart", async () => {
      const { ctr, containerd } = machine();
      const id = machine().id("survivor");
      await ctr.runDetached(id, service);
      const pid = await ctr.pid(id);
      await containerd.stop("SIGKILL");
      await containerd.start();
      assert.equal(await ctr.status(id), "RUNNING");
      assert.equal(await ctr.pid(id), pid);
      assert.equal((await ctr.exec(id, "e1", ["echo", "back"])).stdout, "back\n");
      await ctr.remove(id);
    });
  });
}
