import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { LivePod } from "../../../test/harness/live-pod.ts";
import { useReaper } from "../../../test/harness/use-reaper.ts";
import { notLive } from "../../gcs/runtime/live-guest.ts";
import { stringifyJson } from "../../oci/json.ts";

const rpc = { signal: new AbortController().signal };
const init = (id = "c1"): { id: string; execId: string } => ({ id, execId: "" });
const exec = (execId = "e1", id = "c1"): { id: string; execId: string } => ({ id, execId });

describe("pod on the local stack", { skip: notLive() ?? false }, () => {
  const reaper = useReaper();
  const live = (run: (l: LivePod) => Promise<void>) => async (): Promise<void> => {
    const l = new LivePod(reaper);
    try {
      await run(l);
    } catch (failure) {
      await l.close().catch(() => {});
      throw failure;
    }
    await l.close();
  };

  it(
    "runs a container to its end",
    live(async (l) => {
      const { pid } = await l.pod.create(l.request("c1", "echo hello; exit 7"), rpc);
      assert.ok(pid > 0 && existsSync(`/proc/${pid}`));
      assert.deepEqual(await l.pod.pids("c1", rpc), [{ pid }]);
      assert.equal(l.pod.state(init()).status, "created");
      assert.deepEqual(await l.pod.start(init(), rpc), { pid });
      assert.equal((await l.pod.wait(init(), rpc)).exitStatus, 7);
      assert.equal(l.output("c1"), "hello\n");
      assert.equal(l.pod.state(init()).status, "stopped");
      assert.deepEqual(await l.pod.pids("c1", rpc), [{ pid }]);
      await assert.rejects(l.pod.kill(init(), 9, false, rpc), { kind: "not-found" });
      await assert.rejects(l.pod.stats("c1", rpc), { kind: "not-found" });
      assert.equal((await l.pod.delete(init(), rpc)).exitStatus, 7);
      assert.deepEqual(l.lines(), ["create c1", "start c1", "exit c1 7", "delete c1 7"]);
      assert.equal(l.pod.busy(), false);
    }),
  );

  it(
    "gives a terminal, of the size that was asked for before the start",
    live(async (l) => {
      await l.pod.create(
        l.request("c1", 'while [ "$(stty size 2>/dev/null)" != "23 91" ]; do :; done; echo it fits', true),
        rpc,
      );
      await l.pod.resizePty(init(), 91, 23, rpc);
      await l.pod.start(init(), rpc);
      await l.pod.wait(init(), rpc);
      assert.equal(l.output("c1"), "it fits\r\n");
    }),
  );

  it(
    "feeds stdin until CloseIO",
    live(async (l) => {
      const stdin = l.fifo("c1");
      await l.pod.create({ ...l.request("c1", "cat; sleep 0"), stdin }, rpc);
      await l.pod.start(init(), rpc);
      writeFileSync(stdin, "x".repeat(1000));
      await l.pod.closeIO(init());
      assert.equal((await l.pod.wait(init(), rpc)).exitStatus, 0);
      assert.equal(l.output("c1").length, 1000);
    }),
  );

  it(
    "runs execs, and tells the exits of those that die with the init before its own",
    live(async (l) => {
      await l.running("sleep 1000");
      await l.pod.exec(l.exec("echo from exec; exit 3"));
      await l.pod.start(exec(), rpc);
      assert.equal((await l.pod.wait(exec(), rpc)).exitStatus, 3);
      assert.equal(l.output("e1"), "from exec\n");
      await l.pod.exec(l.exec("sleep 1000", "e2"));
      const { pid } = await l.pod.start(exec("e2"), rpc);
      const pids = await l.pod.pids("c1", rpc);
      assert.ok(pids.some((entry) => entry.pid === pid && entry.execId === "e2"));
      assert.ok(pids.some((entry) => entry.pid === l.pod.connect("c1").taskPid && entry.execId === undefined));
      await l.pod.exec(l.exec("", "e3"));
      await assert.rejects(l.pod.start(exec("e3"), rpc), /no such file/);
      await l.pod.kill(init(), 9, false, rpc);
      assert.equal((await l.pod.wait(init(), rpc)).exitStatus, 137);
      assert.deepEqual(l.lines().slice(2), [
        "exec-added e1",
        "exec-started e1",
        "exit e1 3",
        "exec-added e2",
        "exec-started e2",
        "exec-added e3",
        "exit e2 137",
        "exit c1 137",
      ]);
      for (const id of ["e1", "e2", "e3"]) await l.pod.delete(exec(id), rpc);
      await l.pod.delete(init(), rpc);
    }),
  );

  it(
    "pauses, resumes, updates and measures",
    live(async (l) => {
      await l.running("while :; do :; done");
      await l.pod.pause("c1", rpc);
      assert.equal(l.pod.state(init()).status, "paused");
      assert.ok((await l.pod.pids("c1", rpc)).length > 0);
      await assert.rejects(l.pod.exec(l.exec("true")), { kind: "failed-precondition" });
      await l.pod.resume("c1", rpc);
      await l.pod.update("c1", { memory: { limit: 64 * 1024 * 1024 } }, {}, rpc);
      const stats = await l.pod.stats("c1", rpc);
      assert.match(stringifyJson(stats), /67108864/);
      await l.pod.pause("c1", rpc);
      await l.pod.kill(init(), 9, false, rpc);
      assert.equal((await l.pod.wait(init(), rpc)).exitStatus, 137);
      assert.deepEqual(l.lines().slice(2), ["paused c1", "resumed c1", "paused c1", "exit c1 137"]);
    }),
  );

  it(
    "kills one that is only created, and deletes one that is only created",
    live(async (l) => {
      await l.pod.create(l.request("c1", "sleep 1000"), rpc);
      await l.pod.create(l.request("c2", "sleep 1000"), rpc);
      await l.pod.kill(init("c1"), 9, false, rpc);
      assert.equal((await l.pod.wait(init("c1"), rpc)).exitStatus, 137);
      await assert.rejects(l.pod.start(init("c1"), rpc), { kind: "failed-precondition" });
      await l.pod.delete(init("c1"), rpc);
      assert.equal((await l.pod.delete(init("c2"), rpc)).exitStatus, 137);
      assert.deepEqual(l.lines().slice(2), ["exit c1 137", "delete c1 137", "exit c2 137", "delete c2 137"]);
    }),
  );

  it(
    "a create that fails leaves nothing, and the id can be used again",
    live(async (l) => {
      await assert.rejects(l.pod.create(l.request("c1", ""), rpc), /no such file/);
      assert.equal(l.pod.busy(), false);
      const missing = {
        ...l.request("c1", "true"),
        rootfs: [{ type: "bind", source: "/no", target: "", options: ["bind"] }],
      };
      await assert.rejects(l.pod.create(missing, rpc), { kind: "invalid-argument" });
      writeFileSync(join(l.directory, "c1", "config.json"), "nonsense");
      await assert.rejects(l.pod.create(missing, rpc), { kind: "invalid-argument" });
      assert.deepEqual(l.events, []);
      await l.running("exit 0");
      await l.pod.wait(init(), rpc);
      await l.pod.delete(init(), rpc);
    }),
  );

  it(
    "ends everything that still runs when it is closed",
    live(async (l) => {
      await l.running("sleep 1000", "c1");
      await l.running("sleep 1000", "c2");
      await l.pod.exec(l.exec("sleep 1000"));
      await l.pod.start(exec(), rpc);
      const pids = [l.pod.connect("c1").taskPid, l.pod.connect("c2").taskPid];
      await l.pod.close();
      for (const pid of pids) assert.ok(!existsSync(`/proc/${pid}`));
      const told = l.lines().filter((line) => /^(exit|delete)/.test(line));
      assert.equal(told.length, 5);
      assert.ok(
        told.findIndex((line) => line.startsWith("exit e1")) < told.findIndex((line) => line.startsWith("exit c1")),
      );
    }),
  );
});
