import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { until } from "../harness/until.ts";
import { useMachine } from "../harness/use-machine.ts";

describe("stdio of a detached container", () => {
  const machine = useMachine();

  it("keeps what was written while nobody was attached", async () => {
    const { ctr } = machine();
    const id = machine().id("early");
    const script =
      "until [ -e /tmp/go ]; do sleep 0.05; done; echo early; touch /tmp/done; while :; do sleep 0.05; done";
    await ctr.runDetached(id, ["sh", "-c", script], []);
    await ctr.exec(id, "go", ["sh", "-c", "touch /tmp/go; until [ -e /tmp/done ]; do sleep 0.05; done"]);
    const client = ctr.start("tasks", "attach", id);
    await until("the early line", () => client.stdout().includes("early"));
    await ctr.ok("tasks", "kill", "--signal", "SIGKILL", id);
    assert.equal((await client.result()).stdout, "early\n");
    await ctr.remove(id);
  });

  it("goes to a binary:// logger, which gets its arguments and the names of the container", async () => {
    const { ctr } = machine();
    const id = machine().id("logger");
    const logger = machine().file("logger.sh");
    const log = machine().file("logger.out");
    writeFileSync(
      logger,
      [
        "#!/bin/sh",
        "trap '' TERM", // It ends when the output does.
        `exec >>${log}`,
        'echo "args $*"',
        'echo "container $CONTAINER_NAMESPACE $CONTAINER_ID"',
        "exec 5>&-", // Ready (reference: containerd-shim 1.17).
        "sed 's/^/out: /' <&3 & sed 's/^/err: /' <&4 & wait",
        "echo end",
        "",
      ].join("\n"),
      { mode: 0o755 },
    );
    const flags = ["--log-uri", `binary://${logger}?key=value`];
    await ctr.runDetached(id, ["sh", "-c", "echo one; echo two >&2"], flags);
    await until("the container stopped", async () => (await ctr.status(id)) === "STOPPED");
    await ctr.remove(id);
    const lines = await until("the logger ended", () => {
      const text = readFileSync(log, "utf8");
      return text.endsWith("end\n") && text.trim().split("\n");
    });
    const expected = ["args key value", `container ${machine().namespace} ${id}`, "end", "err: two", "out: one"];
    assert.deepEqual(lines.sort(), expected);
  });

  it("fails the container for a logger that is not there", async () => {
    const { ctr } = machine();
    const id = machine().id("nologger");
    const { code, stderr } = await ctr.call(
      ctr.runArgv(id, ["true"], ["--detach", "--log-uri", "binary:///no/such/logger"]).slice(5),
    );
    assert.notEqual(code, 0);
    assert.match(stderr, /\/no\/such\/logger/);
    await ctr.remove(id);
  });
});
