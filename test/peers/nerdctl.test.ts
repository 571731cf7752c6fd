import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { afterEach, describe, it } from "node:test";
import { run, start } from "../harness/command.ts";
import { startOnTerminal } from "../harness/terminal.ts";
import { until } from "../harness/until.ts";
import { network, useNerdctl } from "./nerdctl.ts";

/** Ends with code 3 at SIGTERM; says when it can. */
const patient = "trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done";
/** Sees SIGTERM and goes on. */
const stubborn = "trap 'echo ignored' TERM; echo ready; while :; do sleep 0.05; done";

describe("nerdctl", () => {
  const nerdctl = useNerdctl();
  const ready = async (name: string): Promise<void> => {
    await until("the container is ready", async () => (await nerdctl().ok("logs", name)).includes("ready"));
  };

  afterEach(async () => {
    const left = (await nerdctl().ok("ps", "--all", "--quiet", "--no-trunc")).split("\n").filter((id) => id !== "");
    // Known first: what "rm" fails to end is then swept with the machine.
    for (const id of left) nerdctl().machine.traces.know(id);
    for (const id of left) await nerdctl().ok("rm", "--force", id);
    assert.deepEqual(left, [], "the test left containers");
  });

  describe("run", () => {
    it("shows stdout and stderr apart and hands on the exit code", async () => {
      const { code, stdout, stderr } = await nerdctl().run(["sh", "-c", "echo out; echo err >&2; exit 42"]);
      // nerdctl may add a line of its own: it forwards even the SIGCHLD of its logger, to a container that has ended.
      const own = stderr.replace(/^time=.*forward signal.*\n/gm, "");
      assert.deepEqual({ code, stdout, own }, { code: 42, stdout: "out\n", own: "err\n" });
    });

    it("reports death by signal as 128 + n", async () => {
      assert.equal((await nerdctl().run(["sh", "-c", "sh -c 'kill -KILL $$'; exit $?"])).code, 137);
    });

    it("pipes stdin through and ends it", async () => {
      // The container digests what it gets: nerdctl's client hangs over more output than a pipe holds when the container
      // ends, for it also writes to its logger, which stops reading then.
      const script = "echo ready; sha256sum";
      const argv = nerdctl().runArgv(["sh", "-c", script], ["--rm", "--interactive"]);
      const command = start(argv, { stdin: "pipe" });
      // nerdctl asks for CloseIO only if the task exists by the time its own stdin ends.
      await until("the container runs", () => command.stdout() === "ready\n");
      const input = "all of this arrives\n".repeat(50_000);
      command.stdin?.end(input);
      const { code, stdout } = await command.result();
      assert.equal(code, 0);
      assert.equal(stdout, `ready\n${createHash("sha256").update(input).digest("hex")}  -\n`);
    });

    it("runs on a terminal: one stream, the exit code kept", async () => {
      const argv = nerdctl().runArgv(["sh", "-c", "tty; echo to-stderr >&2; exit 4"], ["--rm", "--tty"]);
      const { code, stdout } = await startOnTerminal(argv).result();
      assert.match(stdout, /\/dev\/(pts\/0|console)/);
      assert.match(stdout, /to-stderr/);
      assert.equal(code, 4);
    });

    it("takes what is typed on the terminal, and the terminal's size", async () => {
      const argv = nerdctl().runArgv(["sh"], ["--rm", "--interactive", "--tty"]);
      const command = startOnTerminal(argv, { rows: 33, columns: 99 });
      await until("the prompt", () => command.stdout().includes("#"));
      command.stdin?.write('until [ "$(stty size)" = "33 99" ]; do sleep 0.05; done; echo six=$((2*3)); exit 5\n');
      const { code, stdout } = await command.result();
      assert.match(stdout, /six=6/);
      assert.equal(code, 5);
    });

    it("fails for a command that does not exist and names it", async () => {
      const { code, stderr } = await nerdctl().run(["/no/such/command"]);
      assert.notEqual(code, 0);
      assert.match(stderr, /\/no\/such\/command/);
    });

    it("mounts host directories and sets host name, user, directory, environment and memory limit", async () => {
      const flags = [
        ...["--hostname", "peer", "--user", "65534", "--workdir", "/tmp", "--env", "GREETING=hello", "--memory", "64m"],
        ...["--volume", `${nerdctl().machine.file("cni")}:/mounted:ro`],
      ];
      const script = 'echo "$(hostname) $(id -u) $PWD $GREETING"; ls /mounted; touch /mounted/x 2>&1';
      const { code, stdout } = await nerdctl().run(["sh", "-c", script], flags);
      assert.equal(code, 1);
      assert.match(stdout, /^peer 65534 \/tmp hello\n/);
      assert.match(stdout, /10-peers\.conflist/);
      assert.match(stdout, /Read-only file system/);
    });
  });

  describe("run -d and logs", () => {
    it("keeps stdout and stderr of a container that ended, through nerdctl's binary logger", async () => {
      const name = await nerdctl().runDetached("logged", ["sh", "-c", "echo out; echo err >&2; exit 6"]);
      assert.equal((await nerdctl().ok("wait", name)).trim(), "6");
      await until("the logger wrote it down", async () => {
        const { stdout, stderr } = await nerdctl().call("logs", name);
        return stdout === "out\n" && stderr === "err\n";
      });
      assert.equal(await nerdctl().inspect(name, "{{.State.Status}} {{.State.ExitCode}}"), "exited 6");
      await nerdctl().ok("rm", name);
    });

    it("loses no line of much output", async () => {
      const count = 50_000;
      // Lives on: nerdctl's logger stops reading when the container ends, whatever its pipe still holds.
      const name = await nerdctl().runDetached("chatty", ["sh", "-c", `seq ${count}; exec sleep 1000`]);
      const expected = Array.from({ length: count }, (_, i) => `${i + 1}\n`).join("");
      await until("all lines are there", async () => (await nerdctl().ok("logs", name)).length >= expected.length);
      assert.ok((await nerdctl().ok("logs", name)) === expected, "the lines came in another order or twice");
      assert.equal(await nerdctl().ok("logs", "--tail", "2", name), `${count - 1}\n${count}\n`);
      await nerdctl().ok("rm", "--force", name);
    });

    it("loses no line of a container that ends right after its output", async (t) => {
      // containerd's own shim tells the exit whatever the logger's pipe still holds, and nerdctl's logger ends with it.
      if (nerdctl().machine.runtime.name !== "io.containerd.uvm.v1")
        return t.skip("the runc shim loses the last lines");
      const count = 50_000;
      const name = await nerdctl().runDetached("hasty", ["sh", "-c", `seq ${count}`]);
      await nerdctl().ok("wait", name);
      const expected = Array.from({ length: count }, (_, i) => `${i + 1}\n`).join("");
      const logs = () => nerdctl().ok("logs", name);
      // "wait" may answer before the logger has written what it read.
      const kept = await until("the logger wrote it down", async () => {
        const text = await logs();
        return text.length >= expected.length ? text : undefined;
      });
      assert.ok(kept === expected, "the lines came in another order or twice");
      await nerdctl().ok("rm", name);
    });

    it("follows a running container to its end", async () => {
      const name = await nerdctl().runDetached("followed", ["sh", "-c", `echo first; ${patient}`]);
      const following = start(nerdctl().argv("logs", "--follow", name));
      await until("the first lines", () => following.stdout().includes("ready"));
      await nerdctl().ok("stop", name);
      const { code, stdout } = await following.result();
      assert.deepEqual({ code, stdout }, { code: 0, stdout: "first\nready\n" });
      await nerdctl().ok("rm", name);
    });

    it("logs a container on a terminal", async () => {
      const name = await nerdctl().runDetached("screen", ["sh", "-c", "tty; echo to-stderr >&2"], ["--tty"]);
      await nerdctl().ok("wait", name);
      await until("the logger wrote it down", async () => {
        const logs = await nerdctl().ok("logs", name);
        return /\/dev\/(pts\/0|console)/.test(logs) && logs.includes("to-stderr");
      });
      await nerdctl().ok("rm", name);
    });

    it("starts a stopped container again and appends to its log", async () => {
      const name = await nerdctl().runDetached("again", ["sh", "-c", "echo ready; exit 7"]);
      assert.equal((await nerdctl().ok("wait", name)).trim(), "7");
      await nerdctl().ok("start", name);
      assert.equal((await nerdctl().ok("wait", name)).trim(), "7");
      await until("both runs are logged", async () => (await nerdctl().ok("logs", name)) === "ready\nready\n");
      await nerdctl().ok("rm", name);
    });

    it("detaches from a container on a terminal and attaches to it again", async () => {
      const name = nerdctl().machine.id("attached");
      const detach = "\u0010\u0011"; // ctrl-p ctrl-q
      const first = startOnTerminal(nerdctl().runArgv(["sh"], ["--interactive", "--tty", "--name", name]));
      await until("the prompt", () => first.stdout().includes("#"));
      first.stdin?.write(detach);
      await first.result();
      assert.equal(await nerdctl().status(name), "running");
      const second = startOnTerminal(nerdctl().argv("attach", name));
      second.stdin?.write("echo six=$((2*3))\n");
      await until("the answer", () => second.stdout().includes("six=6"));
      second.stdin?.write("exit 5\n");
      assert.equal((await second.result()).code, 5);
      await nerdctl().ok("rm", name);
    });
  });

  describe("exec", () => {
    it("shows stdout and stderr apart, and the exit code", async () => {
      const name = await nerdctl().runDetached("exec", ["sleep", "1000"]);
      const { code, stdout, stderr } = await nerdctl().call("exec", name, "sh", "-c", "echo out; echo err >&2; exit 5");
      assert.notEqual(code, 0);
      assert.equal(stdout, "out\n");
      assert.match(stderr, /^err\n.*exec failed with exit code 5/s);
      assert.equal(await nerdctl().ok("exec", name, "true"), "");
      await nerdctl().ok("rm", "--force", name);
    });

    it("pipes stdin through and ends it", async () => {
      const name = await nerdctl().runDetached("exec-stdin", ["sleep", "1000"]);
      const input = "all of this comes back\n".repeat(10_000);
      const { stdout } = await run(nerdctl().argv("exec", "--interactive", name, "cat"), { input });
      assert.ok(stdout === input, `${stdout.length} of ${input.length} characters came back`);
      await nerdctl().ok("rm", "--force", name);
    });

    it("runs on a terminal", async () => {
      const name = await nerdctl().runDetached("exec-tty", ["sleep", "1000"]);
      const argv = nerdctl().argv("exec", "--interactive", "--tty", name, "sh");
      const command = startOnTerminal(argv, { rows: 33, columns: 99 });
      await until("the prompt", () => command.stdout().includes("#"));
      command.stdin?.write('until [ "$(stty size)" = "33 99" ]; do sleep 0.05; done; tty; echo six=$((2*3)); exit\n');
      const { code, stdout } = await command.result();
      assert.match(stdout, /\/dev\/pts\/\d[\s\S]*six=6/);
      assert.equal(code, 0);
      await nerdctl().ok("rm", "--force", name);
    });

    it("leaves a detached process running", async () => {
      const name = await nerdctl().runDetached("exec-detached", ["sleep", "1000"]);
      await nerdctl().ok("exec", "--detach", name, "sh", "-c", "touch /tmp/there; sleep 1000");
      await until("the process ran", async () => (await nerdctl().call("exec", name, "ls", "/tmp/there")).code === 0);
      await nerdctl().ok("rm", "--force", name);
      // nerdctl leaves the FIFOs of a detached exec behind, on any runtime.
      for (const entry of readdirSync(nerdctl().machine.file("fifo"))) {
        rmSync(nerdctl().machine.file(`fifo/${entry}`), { recursive: true });
      }
    });

    it("fails for a command that does not exist, and the container goes on", async () => {
      const name = await nerdctl().runDetached("exec-missing", ["sleep", "1000"]);
      const { code, stderr } = await nerdctl().call("exec", name, "/no/such/command");
      assert.notEqual(code, 0);
      assert.match(stderr, /\/no\/such\/command/);
      assert.equal(await nerdctl().status(name), "running");
      await nerdctl().ok("rm", "--force", name);
    });
  });

  describe("stop, kill and rm", () => {
    it("stops with SIGTERM and keeps the process's own exit code", async () => {
      const name = await nerdctl().runDetached("stopped", ["sh", "-c", patient]);
      await ready(name);
      await nerdctl().ok("stop", name);
      assert.equal(await nerdctl().inspect(name, "{{.State.Status}} {{.State.ExitCode}}"), "exited 3");
      await nerdctl().ok("rm", name);
    });

    it("kills a process that does not heed SIGTERM when the time is up", async () => {
      const name = await nerdctl().runDetached("stubborn", ["sh", "-c", stubborn]);
      await ready(name);
      await nerdctl().ok("stop", "--time", "1", name);
      assert.match(await nerdctl().ok("logs", name), /ignored/);
      assert.equal(await nerdctl().inspect(name, "{{.State.Status}} {{.State.ExitCode}}"), "exited 137");
      await nerdctl().ok("rm", name);
    });

    it("sends the signal that kill names", async () => {
      const name = await nerdctl().runDetached("killed", ["sh", "-c", `trap 'exit 9' USR1; ${patient}`]);
      await ready(name);
      await nerdctl().ok("kill", "--signal", "USR1", name);
      assert.equal((await nerdctl().ok("wait", name)).trim(), "9");
      await nerdctl().ok("rm", name);
    });

    it("refuses to remove a running container unless forced", async () => {
      const name = await nerdctl().runDetached("forced", ["sleep", "1000"]);
      assert.notEqual((await nerdctl().call("rm", name)).code, 0);
      assert.equal(await nerdctl().status(name), "running");
      await nerdctl().ok("rm", "--force", name);
      assert.notEqual((await nerdctl().call("inspect", name)).code, 0);
    });
  });

  describe("pause, update, stats and top", () => {
    it("pauses and resumes", async () => {
      const name = await nerdctl().runDetached("paused", ["sleep", "1000"]);
      await nerdctl().ok("pause", name);
      assert.equal(await nerdctl().status(name), "paused");
      await nerdctl().ok("unpause", name);
      assert.equal(await nerdctl().status(name), "running");
      await nerdctl().ok("rm", "--force", name);
    });

    it("changes the memory limit of a running container, which its stats then show", async () => {
      const name = await nerdctl().runDetached("updated", ["sleep", "1000"], ["--memory", "64m"]);
      const usage = async () => (await nerdctl().ok("stats", "--no-stream", "--format", "{{.MemUsage}}", name)).trim();
      assert.match(await usage(), /\/ 64MiB$/);
      await nerdctl().ok("update", "--memory", "96m", "--memory-swap", "96m", name);
      assert.match(await usage(), /\/ 96MiB$/);
      await nerdctl().ok("rm", "--force", name);
    });

    it("lists the container's processes", async () => {
      const name = await nerdctl().runDetached("top", ["sh", "-c", "sleep 1000 & wait"]);
      await until("both run", async () => (await nerdctl().ok("top", name)).match(/sleep 1000/g)?.length === 2);
      await nerdctl().ok("rm", "--force", name);
    });
  });

  it("gives a container an address on a CNI bridge, by its createRuntime hook", async () => {
    const { machine } = nerdctl();
    const server = "echo from-the-container > /tmp/page; exec busybox httpd -f -p 80 -h /tmp";
    const name = await nerdctl().runDetached("bridged", ["sh", "-c", server], [`--net=${network}`]);
    const address = (await nerdctl().ok("exec", name, "sh", "-c", "ip -4 -o addr show eth0")).match(
      /inet ([\d.]+)/,
    )?.[1];
    assert.match(address ?? "", /^10\.213\.7\.\d+$/);
    const fetch = ["/bin/busybox", "wget", "-q", "-O", "-", `http://${address}/page`];
    const outside = ["nsenter", "--net", "--target", `${machine.containerd.pid}`, ...fetch];
    const page = await until("the server answers", async () => (await run(outside)).stdout);
    assert.equal(page, "from-the-container\n");
    await nerdctl().ok("rm", "--force", name);
  });

  // Not the log: nerdctl's logger takes the end of its connection to containerd for the end of the container.
  it("keeps container, exec, stop and exit code over a restart of containerd", async () => {
    const { machine } = nerdctl();
    const name = await nerdctl().runDetached("survivor", ["sh", "-c", patient]);
    await ready(name);
    const pid = await nerdctl().inspect(name, "{{.State.Pid}}");
    await machine.containerd.stop();
    await machine.containerd.start();
    assert.equal(await nerdctl().inspect(name, "{{.State.Status}} {{.State.Pid}}"), `running ${pid}`);
    assert.equal(await nerdctl().ok("exec", name, "echo", "still here"), "still here\n");
    await nerdctl().ok("stop", name);
    assert.equal(await nerdctl().inspect(name, "{{.State.Status}} {{.State.ExitCode}}"), "exited 3");
    await nerdctl().ok("rm", name);
  });
});
