import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { stateDirectoryOf, writeDaemonRecord } from "../../src/shim/records.ts";
import { startTime } from "../../src/sys/process.ts";
import { candidates, SHELLS } from "./completion.ts";
import { renderTable, toJson } from "./output.ts";
import { createProgram, run } from "./program.ts";
import { withProgress } from "./progress.ts";

async function uvmctl(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  const session = {
    out: (text: string) => void stdout.push(text),
    err: (text: string) => void stderr.push(text),
    progress: false,
    exitCode: 0,
  };
  return { code: await run(args, session), stdout: stdout.join(""), stderr: stderr.join("") };
}

describe("uvmctl's command line", () => {
  it("helps on stdout, and refuses what it does not know on stderr, with where to look", async () => {
    const help = await uvmctl("--help");
    assert.deepEqual([help.code, help.stderr], [0, ""]);
    assert.match(help.stdout, /^Usage: uvmctl/);
    for (const args of [["nosuch"], ["pods", "--nosuch"], ["exec", "ns/pod"], []]) {
      const { code, stdout, stderr } = await uvmctl(...args);
      assert.deepEqual([code, stdout], [125, ""], args.join(" "));
      assert.match(stderr, args.length === 0 ? /Usage/ : /^error: .*\n[\s\S]*--help/);
    }
    assert.match((await uvmctl("console", "ns/pod", "-n", "few")).stderr, /^uvmctl: --lines few is no number/);
  });

  it("names the pod that is not there, and what lists them", async () => {
    const { code, stdout, stderr } = await uvmctl("--run-directory", "/nonexistent", "tasks", "ns/pod");
    assert.deepEqual([code, stdout], [125, ""]);
    assert.equal(stderr, "uvmctl: no pod ns/pod under /nonexistent: uvmctl pods lists them\n");
  });

  it("lists the pods whose daemon runs, as a table and as JSON", async () => {
    const directory = mkdtempSync(join(tmpdir(), "uvmctl-test-"));
    try {
      const record = { stack: "qemu", socketPath: "/s/1", bundle: "/b" } as const;
      const since = startTime(process.pid) ?? assert.fail("no start time");
      writeDaemonRecord(stateDirectoryOf(directory, "ns", "runs"), { ...record, pid: process.pid, startTime: since });
      writeDaemonRecord(stateDirectoryOf(directory, "ns", "dead"), { ...record, pid: process.pid, startTime: 1n });
      const { stdout } = await uvmctl("--run-directory", directory, "pods");
      assert.equal(stdout.replaceAll(/ +/g, " "), `POD STACK PID SOCKET\nns/runs qemu ${process.pid} /s/1\n`);
      const json = JSON.parse((await uvmctl("--run-directory", directory, "pods", "--json")).stdout);
      assert.equal(json.length, 1);
      assert.deepEqual([json[0].namespace, json[0].id, json[0].pid], ["ns", "runs", process.pid]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe("uvmctl's output", () => {
  it("is a table with columns as wide as they need, which sends nothing to the terminal but text", () => {
    const columns = [
      { title: "NAME", value: ({ name }: { name: string; size: bigint }) => name },
      { title: "SIZE", value: ({ size }: { name: string; size: bigint }) => size, right: true },
    ];
    assert.equal(renderTable([], columns), "NAME  SIZE\n");
    const rows = [
      { name: "a-long-name", size: 7n },
      { name: "b\u001b[2J\n", size: 12345n },
    ];
    assert.equal(renderTable(rows, columns), "NAME           SIZE\na-long-name       7\nb\\u001b[2J\\n  12345\n");
  });

  it("keeps 64-bit integers in JSON", () => {
    assert.equal(
      toJson({ a: 7n, b: 2n ** 63n, c: new Map([["d", 1n]]) }, 0),
      '{"a":7,"b":"9223372036854775808","c":{"d":1}}',
    );
  });
});

describe("uvmctl's completion", () => {
  const program = createProgram({ out: () => {}, err: () => {}, progress: false, exitCode: 0 });

  it("knows commands, their options, and an argument's choices", () => {
    assert.deepEqual(candidates(program, ["po"]), ["pods"]);
    assert.ok(!candidates(program, [""]).includes("complete"), "a hidden command is shown");
    assert.deepEqual(candidates(program, ["--run"]), ["--run-directory"]);
    assert.deepEqual(candidates(program, ["exec", "--w"]), ["--workdir"]);
    assert.deepEqual(candidates(program, ["completion", ""]), [...SHELLS]);
    assert.deepEqual(candidates(program, ["completion", "f"]), ["fish"]);
    assert.deepEqual(candidates(program, ["nosuch", "x"]), []);
    const names = { name: () => ["demo", "other"], target: () => ["demo", "ns/pod"] };
    assert.deepEqual(candidates(program, ["pause", "d"], names), ["demo"]);
    assert.deepEqual(candidates(program, ["exec", "-i", "n"], names), ["ns/pod"]);
    assert.deepEqual(candidates(program, ["add", "d"], names), ["disk"]);
    assert.deepEqual(candidates(program, ["add", "disk", ""], names), ["demo", "other"]);
  });

  it("comes as a script for each shell, which asks uvmctl", async () => {
    for (const shell of SHELLS) assert.match((await uvmctl("completion", shell)).stdout, /uvmctl complete -- /);
    assert.equal((await uvmctl("completion", "tcsh")).code, 125);
    assert.equal((await uvmctl("complete", "--", "exec", "--w")).stdout, "--workdir\n");
  });
});

describe("uvmctl's progress", () => {
  it("is told to a terminal alone, on a line that goes again", async () => {
    for (const progress of [true, false]) {
      const told: string[] = [];
      const session = { out: () => {}, err: (text: string) => void told.push(text), progress, exitCode: 0 };
      assert.equal(await withProgress(session, "booting demo", Promise.resolve(7)), 7);
      assert.deepEqual(told, progress ? ["\rbooting demo (0 s)\u001b[K", "\r\u001b[K"] : []);
      await assert.rejects(withProgress(session, "saving", Promise.reject(new Error("full"))), { message: "full" });
    }
  });
});
