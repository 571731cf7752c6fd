import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runtime } from "#runtime";
import { isKind, ShimError } from "../errors/shim-error.ts";
import { leakedFds, openFds } from "../sys/fd-leaks.ts";
import { close } from "../sys/libc.ts";
import { kill } from "../sys/libc-process.ts";
import { Recorder } from "../sys/stream-recorder.ts";
import { type OpenStdioOptions, openStdio } from "./open.ts";

const context = { containerId: "c1", namespace: "ns" };
const refused = (kind: ShimError["kind"], words: RegExp) => (error: unknown) =>
  error instanceof ShimError && error.kind === kind && words.test(error.message);

describe("loggers", () => {
  let directory = "";
  let fdsBefore = openFds();
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "uvm-logger-"));
    writeFileSync(join(directory, "logger"), "#!/bin/sh\ndir=$2\necho $$ > $dir/pid\n. $dir/script\n");
    chmodSync(join(directory, "logger"), 0o755);
    // What the runtime opens once and keeps is open after the first logger.
    await (await start(copying)).close();
    fdsBefore = openFds();
  });
  after(async () => {
    assert.deepEqual(await leakedFds(fdsBefore), []);
    rmSync(directory, { recursive: true });
  });

  const file = (name: string) => readFileSync(join(directory, name), "utf8");
  /** Ready at once; both outputs into files; ends with them. */
  const copying = "exec 5>&-; cat <&3 >$dir/out & cat <&4 >$dir/err; wait";

  function start(script: string, options: OpenStdioOptions & { scheme?: string; stderr?: string } = {}) {
    writeFileSync(join(directory, "script"), `${script}\n`);
    const uri = `${options.scheme ?? "binary"}://${directory}/logger?dir=${directory}`;
    return openStdio({ terminal: false, stdin: "", stdout: uri, stderr: options.stderr ?? uri }, context, options);
  }

  /** Runs a shell with the endpoints as its stdout and stderr. */
  async function run(endpoints: Awaited<ReturnType<typeof start>>, script: string) {
    const fds = [endpoints.stdout?.passFd() ?? -1, endpoints.stderr?.passFd() ?? -1] as const;
    const child = runtime.spawn(["sh", "-c", script], { stdio: ["null", ...fds] });
    for (const fd of fds) close(fd);
    return await child.exited;
  }

  it("reads stdout at fd 3 and stderr at fd 4, and is waited for", async () => {
    const endpoints = await start(copying);
    assert.deepEqual(await run(endpoints, "echo to out; echo to err >&2; head -c 300000 /dev/zero"), { code: 0 });
    await endpoints.close();
    assert.equal(file("out").length, 300_007);
    assert.equal(file("out").slice(0, 7), "to out\n");
    assert.equal(file("err"), "to err\n");
    assert.equal(kill(Number(file("pid")), 0), false, "it is gone when close resolves");
  });

  it("gets its query as arguments, two variables and nothing else", async () => {
    const script =
      'env -i cat /proc/$$/environ | tr "\\\\0" "\\\\n" | sort > $dir/env; echo "$1 $2" > $dir/args; exec 5>&-; cat <&3';
    const endpoints = await start(script);
    await endpoints.close();
    assert.deepEqual(file("env").trim().split("\n"), ["CONTAINER_ID=c1", "CONTAINER_NAMESPACE=ns"]);
    assert.equal(file("args"), `dir ${directory}\n`);
  });

  it("takes stderr too where the client names only stdout", async () => {
    const endpoints = await start(copying, { stderr: "" });
    await run(endpoints, "echo to err >&2");
    await endpoints.close();
    assert.equal(file("err"), "to err\n");
  });

  it("works as a relay's sink", async () => {
    const endpoints = await start(copying);
    const out = new Recorder(endpoints.stdout?.stream() ?? assert.fail());
    for (let i = 0; i < 20; i++) {
      const drains = out.events.length;
      if (!out.stream.write(new Uint8Array(100_000).fill(65 + i))) await out.until(() => out.events.length > drains);
    }
    out.stream.end();
    await out.seen("close");
    await endpoints.close();
    assert.equal(file("out").length, 2_000_000);
    assert.equal(file("out").at(-1), "T");
  });

  it("is refused when it ends before it is ready, whatever its exit code", async () => {
    for (const code of [0, 3]) {
      await assert.rejects(
        start(`exit ${code}`),
        refused("failed-precondition", new RegExp(`ended with ${code} before`)),
      );
    }
  });

  it("must send a byte as binary-v2: EOF is not enough", async () => {
    await assert.rejects(
      start("exec 5>&-; cat <&3", { scheme: "binary-v2" }),
      refused("failed-precondition", /closed fd 5 without a byte/),
    );
    const endpoints = await start("echo >&5; exec 5>&-; cat <&3 >$dir/out", { scheme: "binary-v2" });
    await run(endpoints, "echo v2");
    await endpoints.close();
    assert.equal(file("out"), "v2\n");
  });

  it("is killed when it is not ready in time, or when the wait is aborted", async () => {
    const hang = "exec sleep 1000";
    await assert.rejects(start(hang, { limits: { ready: 50 } }), refused("deadline-exceeded", /not ready after 50 ms/));
    assert.equal(kill(Number(file("pid")), 0), false);
    const abort = new AbortController();
    const started = start(hang, { signal: abort.signal });
    abort.abort(new ShimError("canceled", "never mind"));
    await assert.rejects(started, (error) => isKind(error, "canceled"));
  });

  it("gets SIGTERM when it outlives EOF, SIGKILL when it outlives that", async () => {
    const warnings: string[] = [];
    const log = (message: string) => void warnings.push(message);
    const polite = "trap 'echo term > $dir/signal; exit 0' TERM; exec 5>&-; while :; do sleep 0.01; done";
    const endpoints = await start(polite, { limits: { end: 1 }, log });
    await endpoints.close();
    assert.equal(file("signal"), "term\n");
    assert.deepEqual(warnings, []);
    const stubborn = "trap '' TERM; exec 5>&-; while :; do sleep 0.01; done";
    const other = await start(stubborn, { limits: { end: 1, kill: 20 }, log });
    const closing = other.close();
    assert.equal(other.close(), closing);
    await closing;
    assert.match(warnings.join(), /killed/);
    assert.equal(kill(Number(file("pid")), 0), false);
  });

  it("neither ends nor blocks the process by its death", async () => {
    let warn: (message: string) => void = () => {};
    const warned = new Promise<string>((resolve) => {
      warn = resolve;
    });
    const endpoints = await start("exec 5>&-; read line <&3; exit 9", { log: warn });
    // A megabyte more than the pipe holds: only somebody who reads on lets it through.
    assert.deepEqual(await run(endpoints, "echo first && head -c 1000000 /dev/zero"), { code: 0 });
    assert.match(await warned, /ended with 9 before its process/);
    await endpoints.drained({ timeoutMs: 600_000 });
    await endpoints.close();
  });

  it("is drained when it has read all, whether or not it ends", async () => {
    const script = "exec 5>&-; until [ -e $dir/go ]; do sleep 0.01; done; touch $dir/reads; cat <&3 >$dir/out";
    const endpoints = await start(script);
    await run(endpoints, "echo the last line");
    const drained = endpoints.drained({ timeoutMs: 600_000 }).then(() => existsSync(join(directory, "reads")));
    await endpoints.drained({ timeoutMs: 30 });
    assert.equal(existsSync(join(directory, "reads")), false, "the time-out holds");
    writeFileSync(join(directory, "go"), "");
    assert.equal(await drained, true);
    await endpoints.close();
    assert.equal(file("out"), "the last line\n");
    await endpoints.drained({ timeoutMs: 600_000 });
  });

  it("is not there: not-found", async () => {
    const uri = `binary://${directory}/absent`;
    await assert.rejects(openStdio({ terminal: true, stdin: "", stdout: uri, stderr: "" }, context), (error) =>
      isKind(error, "not-found"),
    );
    assert.equal(existsSync(join(directory, "absent")), false);
  });
});
