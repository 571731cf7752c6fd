import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Machine } from "../harness/machine.ts";
import { until } from "../harness/until.ts";
import { Cri, criMachine } from "./cri.ts";

const numbers = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, index) => `${from + index}\n`).join("");

for (const stack of ["local", "qemu"] as const) {
  describe(`CRI with io_type = "streaming", stack ${stack}`, () => {
    let machine: Machine;
    let cri: Cri;

    before(async () => {
      machine = await Machine.start(criMachine(stack, "shim", "streaming"));
      cri = await Cri.on(machine);
      mkdirSync(machine.file("logs"));
    });
    after(() => machine?.close());

    it("carries logs, exec, attach and terminals, over a restart of containerd, and leaves nothing", async () => {
      const empty = machine.traces.inventory();
      const pod = await cri.runPod("streamed");
      const talker = await cri.runContainer(pod, "talker", ["sh", "-c", "seq 1 20000; echo end >&2; exit 3"]);
      await until("the talker has ended", async () => (await cri.containerStatus(talker)).state === "CONTAINER_EXITED");
      assert.equal((await cri.containerStatus(talker)).exitCode, 3);
      const said = cri.log("talker").replace("end\n", "");
      assert.equal(said, numbers(1, 20_000));

      // Its output stands while containerd does not run, more of it than all pipes and windows hold.
      const held = "while ! [ -e /go ]; do sleep 0.1; done; sleep 6; seq 1 60000; echo done; sleep 1000";
      const holder = await cri.runContainer(pod, "holder", ["sh", "-c", held]);
      const fed = { stdin: true, stdinOnce: true };
      const reader = await cri.runContainer(pod, "reader", ["sh", "-c", "cat; echo the end"], "POD", fed);

      const exec = await cri.exec(holder, ["sh", "-c", "cat; echo err >&2; exit 5"], "in\n");
      assert.deepEqual({ code: exec.code, out: exec.stdout, err: exec.stderr }, { code: 5, out: "in\n", err: "err\n" });
      const sync = await cri.call<Sync>("ExecSync", { containerId: holder, cmd: ["seq", "1", "20000"] });
      assert.equal(Buffer.from(sync.stdout, "base64").toString(), numbers(1, 20_000));
      const terminal = await cri.execTerminal(holder, ["sh", "-c", "read a; echo got $a; tty; exit 4"], "typed\n");
      const shown = "typed\r\ngot typed\r\n/dev/pts/0\r\n";
      assert.deepEqual({ code: terminal.code, out: terminal.stdout }, { code: 4, out: shown });
      const input = numbers(1, 30_000);
      // containerd feeds an attached process before it adds the client to those who are given the output.
      const { stdout: heard } = await cri.attach(reader, input);
      assert.ok(heard.endsWith("the end\n") && `${input}the end\n`.endsWith(heard), `it heard ${heard.length} bytes`);
      await until("the log has all of it", () => cri.log("reader").endsWith("the end\n"));
      assert.equal(cri.log("reader"), `${input}the end\n`);

      await cri.exec(holder, ["touch", "/go"]);
      // Before the output begins, however late a busy machine says that the exec has ended.
      // A containerd that stands still takes what its sockets hold with it.
      process.kill(machine.containerd.pid ?? assert.fail(), "SIGSTOP");
      await sleep(8000);
      await machine.containerd.stop("SIGKILL");
      await machine.containerd.start();
      await until("all is logged", () => cri.log("holder").endsWith("done\n"));
      assert.equal(cri.log("holder"), `${numbers(1, 60_000)}done\n`);

      await cri.stopPod(pod);
      await cri.removePod(pod);
      await machine.traces.assertNoLeaks({ ...empty, descriptors: machine.traces.inventory().descriptors });
      assert.doesNotMatch(readFileSync(machine.file("containerd.log"), "utf8"), /Failed to pipe std/);
    });
  });
}

interface Sync {
  readonly stdout: string;
}
