import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { startOnTerminal } from "../harness/terminal.ts";
import { until } from "../harness/until.ts";
import { useMachine } from "../harness/use-machine.ts";

const digest = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");

describe("ctr run", () => {
  const machine = useMachine();

  it("shows stdout and stderr apart and hands on the exit code", async () => {
    const { ctr } = machine();
    const { code, stdout, stderr } = await ctr.run(machine().id("run"), [
      "sh",
      "-c",
      "echo out; echo err >&2; exit 42",
    ]);
    assert.deepEqual({ code, stdout, stderr }, { code: 42, stdout: "out\n", stderr: "err\n" });
  });

  it("gives the process the environment, directory, host name and rootfs of the spec", async () => {
    const { ctr } = machine();
    const flags = ["--env", "GREETING=hello", "--cwd", "/tmp"];
    const { stdout } = await ctr.run(
      machine().id("spec"),
      ["sh", "-c", 'echo "$GREETING $PWD $(ls /bin/busybox) $$"'],
      flags,
    );
    assert.equal(stdout, "hello /tmp /bin/busybox 1\n");
  });

  it("brings 8 MiB of output intact that a process wrote just before its end", async () => {
    const { ctr } = machine();
    const { bytes, code } = await ctr.run(machine().id("big"), ["sh", "-c", "yes 0123456789abcde | head -c 8388608"]);
    assert.equal(code, 0);
    assert.equal(bytes.length, 8_388_608);
    assert.equal(digest(bytes), digest("0123456789abcde\n".repeat(524_288)));
  });

  it("pipes stdin through and ends it", async () => {
    const { ctr } = machine();
    const input = "all of this comes back\n".repeat(100_000);
    const { bytes, code } = await ctr.run(machine().id("stdin"), ["cat"], [], { echoedInput: input });
    assert.equal(code, 0);
    assert.equal(digest(bytes), digest(input));
  });

  it("runs on a terminal: one stream, the size handed on, the exit code kept", async () => {
    const { ctr } = machine();
    const script =
      'until [ "$(stty size 2>/dev/null)" = "40 100" ]; do sleep 0.05; done; tty; echo to-stderr >&2; exit 4';
    const command = startOnTerminal(ctr.runArgv(machine().id("tty"), ["sh", "-c", script], ["--rm", "--tty"]), {
      rows: 40,
      columns: 100,
    });
    const { code, stdout } = await command.result();
    assert.match(stdout, /\/dev\/(pts\/0|console)/);
    assert.match(stdout, /to-stderr/);
    assert.equal(code, 4);
  });

  it("takes what is typed on the terminal", async () => {
    const { ctr } = machine();
    const command = startOnTerminal(ctr.runArgv(machine().id("typed"), ["sh"], ["--rm", "--tty"]));
    await until("the prompt", () => command.stdout().includes("#"));
    command.stdin?.write("echo six=$((2*3)); exit 5\n");
    const { code, stdout } = await command.result();
    assert.match(stdout, /six=6/);
    assert.equal(code, 5);
  });

  it("fails for a command that does not exist, names it, and leaves nothing", async () => {
    const { ctr } = machine();
    const missing = machine().id("missing");
    const { code, stderr } = await ctr.run(missing, ["/no/such/command"]);
    assert.notEqual(code, 0);
    assert.match(stderr, /\/no\/such\/command/);
    await ctr.remove(missing);
  });

  it("refuses a second container of the same id and does not disturb the first", async () => {
    const { ctr } = machine();
    const twice = machine().id("twice");
    await ctr.runDetached(twice, ["sleep", "1000"]);
    const { code, stderr } = await ctr.run(twice, ["true"]);
    assert.notEqual(code, 0);
    assert.match(stderr, /already exists/);
    assert.equal(await ctr.status(twice), "RUNNING");
    await ctr.remove(twice);
  });

  it("writes to a file for --log-uri file://", async () => {
    const { ctr } = machine();
    const logged = machine().id("logged");
    const file = machine().file("container.log");
    await ctr.runDetached(logged, ["sh", "-c", "echo one; echo two >&2"], ["--log-uri", `file://${file}`]);
    await until("the container stopped", async () => (await ctr.status(logged)) === "STOPPED");
    await ctr.remove(logged);
    assert.deepEqual(readFileSync(file, "utf8").trim().split("\n").sort(), ["one", "two"]);
  });
});
