/** uvmctl as its user has it: what the README shows, really run; then, in the VM that this leaves, all the rest. */
import assert from "node:assert/strict";
import { accessSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { commands, runLine } from "../../scripts/record-uvmctl.ts";
import { processStat } from "../../src/sys/process.ts";
import { type CommandOptions, type CommandResult, run } from "../harness/command.ts";
import { until } from "../harness/until.ts";
import { notBootable } from "./uvm.ts";

const UVMCTL = "out/uvmctl";

function notHere(): string | false {
  for (const [path, mend] of [
    [UVMCTL, "run make build"],
    ["/usr/sbin/mkfs.ext4", "Debian: e2fsprogs"],
  ] as const) {
    try {
      accessSync(path);
    } catch {
      return `wants ${path}: ${mend}`;
    }
  }
  return notBootable() ?? false;
}

/** What differs from one run to the next. */
const masked = (output: string): string =>
  output
    .replaceAll(/\d+\.\d+ s\)/g, "N s)")
    .replaceAll(/^\d+$/gm, "N")
    .replaceAll(/^Linux .*/gm, "Linux");

function recorded(): Map<string, string> {
  const text = /<!-- recorded: scripts\/record-uvmctl\.ts -->\n+```console\n([\s\S]*?)```/.exec(
    readFileSync("README.md", "utf8"),
  );
  const steps = (text?.[1] ?? "").split(/^# /m).slice(1);
  return new Map(
    steps.map((step, i) => [`${i} ${step.slice(0, step.indexOf("\n"))}`, step.slice(step.indexOf("\n") + 1)]),
  );
}

describe("uvmctl", { skip: notHere(), timeout: 1_800_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), "uvmctl-"));
  const vms = join(directory, "vms");
  const path = (name: string): string => join(directory, name);
  after(async () => {
    await uvmctl(["stop", "--now", "demo"]);
    rmSync(directory, { recursive: true, force: true });
  });

  const uvmctl = (args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> =>
    run([join(process.cwd(), UVMCTL), "--vm-directory", vms, ...args], { cwd: directory, ...options });

  const told = ({ code, stdout, stderr }: CommandResult): string =>
    `code ${code}\nstdout: ${stdout}\nstderr: ${stderr}`;

  /** Its stdout; a failure tells all that the command said. */
  async function ok(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    const result = await uvmctl(args, options);
    assert.equal(result.code, 0, `uvmctl ${args.join(" ")}: ${told(result)}`);
    return result.stdout;
  }

  async function refused(args: readonly string[], message: RegExp): Promise<void> {
    const result = await uvmctl(args);
    assert.equal(result.code, 125, `uvmctl ${args.join(" ")}: ${told(result)}`);
    assert.match(result.stderr, message, `uvmctl ${args.join(" ")}: ${told(result)}`);
    assert.equal(result.stdout, "");
  }

  it("does what the README shows: a process counts on after pause, save, stop and restore, on its disk", async () => {
    assert.deepEqual(
      [...recorded().keys()],
      commands.map((line, i) => `${i} ${line}`),
      "the README's recording is of other commands: run scripts/record-uvmctl.ts",
    );
    const counted: number[] = [];
    // All but the last, which ends the VM: it serves the tests below.
    for (const [i, line] of commands.slice(0, -1).entries()) {
      const result = await runLine(line, directory);
      assert.equal(result.code, 0, `${line}: ${told(result)}`);
      assert.equal(masked(result.stdout), masked(recorded().get(`${i} ${line}`) ?? ""), `${line}: ${told(result)}`);
      if (/^\d+\n$/.test(result.stdout)) counted.push(Number(result.stdout));
    }
    const [before = Number.NaN, restored = Number.NaN] = counted;
    assert.ok(restored >= before, `${counted}`);
    await until(
      `it counts on from ${restored}`,
      async () => Number(await ok(["exec", "demo", "cat", "/run/disks/data.img/count"])) > restored,
    );
    assert.ok(existsSync(path("saved/state")));
  });

  it("refuses to restore a save whose disk has been written to since", async () => {
    const name = "again";
    await refused(
      ["restore", "--name", name, "saved"],
      /data\.img was changed since .*saved was saved; cannot restore/,
    );
    assert.ok(!existsSync(join(vms, name)));
  });

  it("refuses a disk without a file system before it boots, a second VM of the name, and one that is not there", async () => {
    writeFileSync(path("blank.img"), Buffer.alloc(1 << 20));
    await refused(
      ["boot", "--name", "blank", "--disk", "blank.img"],
      /disk .*blank\.img has no file system .*mkfs\.ext4/,
    );
    assert.ok(!existsSync(join(vms, "blank")));
    await refused(["boot", "--name", "demo"], /a VM demo runs already; cannot make another: uvmctl stop demo/);
    await refused(["exec", "nosuch", "true"], /no VM nosuch under .*; there are demo/);
  });

  it("runs processes: their code, output and directory, and an input that ends without a byte", async () => {
    const shell = (line: string, ...more: string[]): string[] => ["exec", ...more, "demo", "sh", "-c", line];
    const failed = await uvmctl(shell("pwd; echo err >&2; exit 3", "-w", "/run"));
    assert.deepEqual([failed.code, failed.stdout, failed.stderr], [3, "/run\n", "err\n"]);
    assert.equal(await ok(["exec", "-i", "demo", "cat"]), "");
    assert.equal(await ok(["exec", "-i", "demo", "cat"], { input: "" }), "");
    const big = "0123456789abcdef\n".repeat(20_000);
    assert.ok((await ok(["exec", "-i", "demo", "cat"], { input: big })) === big, "the input came back changed");
    assert.match(await ok(shell("tty; test -t 2 && echo yes", "-t")), /^\/dev\/pts\/\d+\r\nyes\r\n$/);
    await refused(["exec", "demo", "/no/such/program"], /\/no\/such\/program/);
  });

  it("adds and removes disks, shares, memory; tells of them; and refuses to save what no save carries", async () => {
    mkdirSync(path("dir"));
    writeFileSync(path("dir/file"), "shared\n");
    assert.match(await ok(["add", "share", "demo", "dir:/run/dir"]), /demo has share .*\/dir as \/run\/dir/);
    assert.equal(await ok(["exec", "demo", "cat", "/run/dir/file"]), "shared\n");
    await refused(["save", "demo", "not-saved"], /uvm demo has share .*dir; cannot save it: .*boot a VM without it/);
    assert.ok(!existsSync(path("not-saved")));
    await refused(["add", "share", "demo", "dir"], /share "dir" is none: give HOST:GUEST/);

    assert.match(await ok(["add", "disk", "demo", "blank.img:/run/blank:bare:ro"]), /as \/run\/blank/);
    assert.equal(await ok(["exec", "demo", "sh", "-c", "dd if=/run/blank bs=1M 2>/dev/null | wc -c"]), "1048576\n");
    const stats = JSON.parse(await ok(["stats", "demo", "--json"]));
    assert.deepEqual(
      stats.devices.map(({ kind, guest, readOnly, bare }: Record<string, unknown>) => [kind, guest, readOnly, bare]),
      [
        ["disk", "/run/disks/data.img", false, false],
        ["share", "/run/dir", false, false],
        ["disk", "/run/blank", true, true],
      ],
    );
    assert.equal(stats.stack, "qemu");
    assert.match(await ok(["stats", "demo"]), /^processor time +\d/m);
    await ok(["remove", "disk", "demo", "/run/blank"]);
    await ok(["remove", "share", "demo", "dir"]);
    await refused(["remove", "share", "demo", "dir"], /has no share/);

    assert.equal(
      await ok(["add", "memory", "demo", "128"]),
      `demo has ${stats.sizing.memoryMib + 128} MiB of memory\n`,
    );
    await refused(["add", "memory", "demo", "999999"], /cannot make it \d+: 128 to \d+ are possible/);
    await ok(["remove", "memory", "demo", "128"]);
    assert.notEqual(await ok(["console", "demo", "-n", "1"]), "");
  });

  it("ends the VM of a keeper that was killed, and the next command clears up and says so", async () => {
    const [vm] = JSON.parse(await ok(["list", "--json"]));
    assert.deepEqual([vm.name, vm.state], ["demo", "running"]);
    assert.ok(processStat(vm.pid) !== undefined && processStat(vm.keeperPid) !== undefined, JSON.stringify(vm));
    process.kill(vm.keeperPid, "SIGKILL");
    const gone = (pid: number): boolean => [undefined, "Z", "X"].includes(processStat(pid)?.state);
    await until("its keeper and its VM are gone", () => gone(vm.keeperPid) && gone(vm.pid));
    const listed = await uvmctl(["list", "--json"]);
    assert.deepEqual([listed.code, listed.stdout], [0, "[]\n"], told(listed));
    assert.match(listed.stderr, /the keeper of demo was killed: its VM is ended/);
    assert.ok(!existsSync(vms), "its state is left");
    await refused(["stop", "demo"], /no VM demo under .*; none runs: uvmctl boot/);
  });
});
