import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { ShimDiag } from "../../src/generated/containerd/runhcs/v1/diag.ts";
import { type BridgeMessage, Diagnostics, Direction } from "../../src/generated/uvmshim/diag/v1.ts";
import type { Client } from "../../src/ttrpc/client.ts";
import { connect } from "../../src/ttrpc/socket.ts";
import { type CommandOptions, type CommandResult, run, runOk, start } from "../harness/command.ts";
import { socketPath } from "../harness/leftovers.ts";
import { runtimeUnderTest } from "../harness/runtime-under-test.ts";
import { until } from "../harness/until.ts";
import { useMachine } from "../harness/use-machine.ts";

const secret = "UVM_SHIM_DIAG=s3cret";

/** Diagnostics by the daemon that serves a task under containerd; each test has one pod, in a VM one boot. */
describe("diagnostics on the shim's socket", () => {
  const machine = useMachine();

  async function withPod(name: string, body: (id: string, client: Client) => Promise<void>): Promise<void> {
    const id = machine().id(name);
    await machine().ctr.runDetached(id, ["sleep", "1000"]);
    const client = await connected(id);
    try {
      await body(id, client);
    } finally {
      client.close();
      await machine().ctr.remove(id);
    }
  }

  const connected = (id: string): Promise<Client> =>
    connect(socketPath(machine().containerd.address, machine().namespace, id));

  const uvmctl = (id: string, args: readonly string[], options?: CommandOptions): Promise<CommandResult> => {
    const socket = socketPath(machine().containerd.address, machine().namespace, id);
    const words = args.map((arg) => (arg === "POD" ? socket : arg));
    return run([process.execPath, "--import", "tsx", "cmd/uvmctl/main.ts", ...words], options);
  };

  it("tell of daemon, tasks, stacks and of what is said on the bridge", async (t) => {
    if (machine().runtime.isPeer) return t.skip("runc's shim has no such service");
    await withPod("told", async (id, client) => {
      const { ctr, runtime } = machine();
      const diag = client.service(ShimDiag);
      const { pid } = await diag.diagPid({});
      assert.match(readFileSync(`/proc/${pid}/cmdline`, "utf8"), new RegExp(runtime.binary));

      assert.deepEqual((await diag.diagTasks({ execs: true })).tasks, [{ id, execs: [] }]);
      const exec = start(ctr.execArgv(id, "beside", ["sleep", "1000"]));
      await until("the exec runs", async () => {
        const { tasks } = await diag.diagTasks({ execs: true });
        return isDeepStrictEqual(tasks, [{ id, execs: [{ id: "beside", state: "running" }] }]);
      });
      assert.deepEqual((await diag.diagTasks({ execs: false })).tasks, [{ id, execs: [] }]);
      await ctr.ok("tasks", "kill", "--signal", "SIGKILL", "--exec-id", "beside", id);
      assert.equal((await exec.result()).code, 137);

      // A guest that is slow to tell is told of as silent.
      const { stacks, guestStacks } = await until("the guest tells in time", async () => {
        const told = await diag.diagStacks({});
        return told.guestStacks.includes(id) && told;
      });
      assert.match(stacks, new RegExp(`^daemon pid=${pid} busy=true .*\\npod containers=1\\nvm state="running"`));
      assert.match(stacks, new RegExp(`container container="${id}" state="running"`));
      assert.match(guestStacks, new RegExp(`${id}[\\s\\S]*pid \\d+ running`));
      const report = await until("the guest tells in time again", async () => {
        const told = await client.service(Diagnostics).report({});
        return told.guestStacks.includes(id) && told;
      });
      assert.deepEqual(
        report.lines.slice(0, 4).map(({ what }) => what),
        ["daemon", "pod", "vm", "container"],
      );
      assert.equal(report.lines[0]?.fields.get("pid"), String(pid));
      assert.match(report.guestStacks, /pid \d+ running/);

      const shown = await uvmctl(id, ["tasks", "POD", "--json"]);
      assert.equal(shown.code, 0, shown.stderr);
      assert.deepEqual(JSON.parse(shown.stdout), [{ container: id, exec: "", state: "" }]);
      const lines = (await uvmctl(id, ["report", "POD"])).stdout.trim().split("\n");
      assert.equal(JSON.parse(lines[0] ?? "").pid, pid);

      for (const secrets of [false, true]) {
        const listener = await connected(id);
        const heard: BridgeMessage[] = [];
        const listening = (async () => {
          for await (const message of listener.service(Diagnostics).bridge({ bodies: true, secrets }))
            heard.push(message);
        })().catch(() => {});
        await until("the bridge is listened to", async () => {
          await diag.diagStacks({});
          return heard.length >= 2;
        });
        const member = machine().id(`member-${secrets}`);
        const flags = ["--rm", "--null-io", "--annotation", `io.containerd.runc.v2.group=${id}`, "--env", secret];
        assert.equal((await ctr.run(member, ["true", "an-argument"], flags)).code, 0);
        const create = await until("the create is answered", () => {
          const request = heard.find(({ name }) => name.startsWith("ComputeSystemCreateV1 "));
          return request && heard.find(({ id: of, type }) => of === request.id && type === 0x20100101) && request;
        });
        const answer = heard.find(({ id: of, type }) => of === create.id && type === 0x20100101);
        assert.deepEqual([create.direction, create.type, create.ms], [Direction.TO_GUEST, 0x10100101, 0]);
        assert.ok(create.bytes > create.body.length / 2 && create.body.includes(member), create.body);
        assert.equal(answer?.direction, Direction.FROM_GUEST);
        assert.ok(answer.ms > 0 && answer.bytes > 16);
        const text = heard.map(({ body }) => body).join("\n");
        for (const hidden of ["s3cret", "an-argument"]) assert.equal(text.includes(hidden), secrets, hidden);
        assert.match(text, /UVM_SHIM_DIAG=/);
        listener.close();
        await listening;
      }
    });
  });

  const refuse = async (): Promise<void> => {
    await withPod("refused", async (id, client) => {
      const diag = client.service(ShimDiag);
      const refusal = { kind: "unimplemented", message: /stack local, which has no vm; cannot / };
      const file = machine().file("not-run");
      const exec = { args: ["touch", file], workdir: "/", terminal: false, stdin: "", stdout: "", stderr: "" };
      await assert.rejects(diag.diagExecInHost(exec), refusal);
      await assert.rejects(diag.diagShare({ hostPath: "/etc", uvmPath: "/run/etc", readOnly: true }), refusal);
      await assert.rejects(client.service(Diagnostics).console({ lines: 1, follow: false }).receive(), {
        kind: "unimplemented",
        message: /stack local has no console/,
      });
      const { code, stderr } = await uvmctl(id, ["exec", "POD", "touch", file]);
      assert.deepEqual([code, /no vm; cannot run/.test(stderr)], [125, true]);
      assert.throws(() => readFileSync(file), { code: "ENOENT" });

      // Who listens does not hold up a daemon that leaves.
      const listening = client.service(Diagnostics).bridge({ bodies: false, secrets: false });
      const first = listening.receive();
      await until("the bridge is listened to", async () => {
        await diag.diagStacks({});
        return await Promise.race([first, undefined]);
      });
      const heardOut = (async () => {
        while ((await listening.receive()) !== undefined);
      })();
      const ended = assert.rejects(heardOut, { kind: "unavailable", message: /the shim's daemon ends/ });
      await machine().ctr.remove(id);
      await ended;
    });
  };

  const serve = async (): Promise<void> => {
    await withPod("looked-into", async (id, client) => {
      const diag = client.service(ShimDiag);
      const output = machine().file("output");
      const asked = { workdir: "", terminal: false, stdin: "", stdout: `file://${output}`, stderr: "" };
      const inGuest = async (args: readonly string[], more: Partial<typeof asked> = {}) => {
        writeFileSync(output, "");
        const { exitCode } = await diag.diagExecInHost({ ...asked, ...more, args: [...args] });
        return { exitCode, output: readFileSync(output, "utf8") };
      };
      const sh = (line: string, more: Partial<typeof asked> = {}) => inGuest(["sh", "-c", line], more);

      const kernel = (await inGuest(["uname", "-r"])).output.trim();
      assert.match(kernel, /^\d+\.\d+/);
      assert.deepEqual(await sh("pwd; cat /proc/1/comm", { workdir: "/run" }), { exitCode: 0, output: "/run\ngcs\n" });
      for (const code of [0, 3, 255]) assert.equal((await sh(`exit ${code}`)).exitCode, code);
      assert.equal((await sh("kill -9 $$")).exitCode, 137);
      await assert.rejects(inGuest(["/no/such/program"]), { kind: "invalid-argument", message: /\/no\/such\/program/ });
      const errors = machine().file("errors");
      assert.equal((await sh("echo out; echo err >&2", { stderr: `file://${errors}` })).output, "out\n");
      assert.equal(readFileSync(errors, "utf8"), "err\n");

      // As containerd's clients: FIFOs, of which the shim makes none.
      const [stdin, stdout] = [machine().file("stdin"), machine().file("stdout")];
      await runOk(["mkfifo", stdin, stdout]);
      const writer = start(["sh", "-c", `echo "from the host" > ${stdin}`]);
      const reader = start(["cat", stdout]);
      const { exitCode } = await diag.diagExecInHost({ ...asked, stdin, stdout, args: ["cat"] });
      assert.deepEqual([exitCode, (await reader.result()).stdout], [0, "from the host\n"]);
      assert.equal((await writer.result()).code, 0);

      const echoed = await uvmctl(id, ["exec", "-i", "-w", "/run", "POD", "sh", "-c", "pwd; cat; exit 7"], {
        input: "typed\n",
      });
      assert.deepEqual([echoed.code, echoed.stdout, echoed.stderr], [7, "/run\ntyped\n", ""]);

      const onTerminal = await sh("tty; test -t 0 && test -t 2 && echo to-stderr >&2; exit 4", { terminal: true });
      assert.equal(onTerminal.exitCode, 4);
      assert.match(onTerminal.output, /^\/dev\/pts\/\d+\r\nto-stderr\r\n$/);

      // Whoever leaves takes his process along.
      const leaver = await connected(id);
      const left = leaver.service(ShimDiag).diagExecInHost({ ...asked, args: ["sleep", "4321"] });
      left.catch(() => {});
      const sleeps = async () => (await sh("ps | grep '[s]leep 4321'")).exitCode === 0;
      await until("it runs", sleeps);
      leaver.close();
      await assert.rejects(left);
      await until("it is killed", async () => !(await sleeps()));

      const shared = machine().file("shared");
      mkdirSync(shared);
      writeFileSync(`${shared}/file`, "by the host");
      const share = { hostPath: shared, uvmPath: "/run/shared", readOnly: false };
      await diag.diagShare(share);
      await diag.diagShare(share);
      const inVm = await sh("cat /run/shared/file; echo by the VM > /run/shared/answer");
      assert.deepEqual(inVm, { exitCode: 0, output: "by the host" });
      assert.equal(readFileSync(`${shared}/answer`, "utf8"), "by the VM\n");
      writeFileSync(`${shared}/later`, "later");
      assert.equal((await sh("cat /run/shared/later")).output, "later");
      await diag.diagShare({ ...share, uvmPath: "/run/seen", readOnly: true });
      assert.equal((await sh("cat /run/seen/later")).output, "later");
      const refused = await sh("echo no > /run/seen/new 2>&1 || echo refused");
      assert.match(refused.output, /refused\n$/);
      assert.throws(() => readFileSync(`${shared}/new`), { code: "ENOENT" });
      // What is there stays there, be it another share or the guest's own.
      await assert.rejects(diag.diagShare({ ...share, hostPath: "/etc" }), { kind: "already-exists" });
      await assert.rejects(diag.diagShare({ ...share, uvmPath: "/tmp" }), { kind: "already-exists" });
      await assert.rejects(diag.diagShare({ ...share, hostPath: "/no/such/path", uvmPath: "/tmp" }), {
        kind: "not-found",
      });
      const there = await sh("grep -c -e ' /run/shared virtiofs ' -e ' /tmp tmpfs ' /proc/mounts");
      assert.equal(there.output, "2\n");

      const { console } = client.service(Diagnostics);
      const all = async (): Promise<string[]> => {
        const kept: string[] = [];
        for await (const { text } of console({ lines: 0, follow: false })) kept.push(text);
        return kept;
      };
      const kept = await all();
      assert.ok(kept.length > 0);
      const watcher = await connected(id);
      const lines = watcher.service(Diagnostics).console({ lines: 1, follow: true });
      const last = (await lines.receive())?.text ?? assert.fail("ended");
      // The kernel of a slow machine may have had another word meanwhile.
      assert.ok((await all()).slice(kept.length - 1).includes(last), last);
      await sh("echo 'uvm-shim: seen on the console' > /dev/kmsg; echo written to it > /dev/console");
      const followed: string[] = [];
      while (!followed.at(-1)?.includes("written to it"))
        followed.push((await lines.receive())?.text ?? assert.fail("ended"));
      await machine().ctr.remove(id);
      // Its end is the VM's.
      while ((await lines.receive()) !== undefined);
      watcher.close();
    });
  };

  const { stack, isPeer } = runtimeUnderTest();
  if (!isPeer && stack.isVm) it("run processes in the VM, share with it, and show its console", serve);
  if (!isPeer && !stack.isVm) it("refuse what wants a VM where there is none", refuse);
});
