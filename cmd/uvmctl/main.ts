/**
 * The operator's tool: looks into running pods through their shim's socket (docs/diagnostics.md).
 *
 *   uvmctl [--run-directory DIR] pods
 *   uvmctl [--run-directory DIR] POD COMMAND ...     POD: NAMESPACE/ID, or the path of a shim's socket
 */
import { readdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { invalidArgument, notFound, ShimError } from "../../src/errors/shim-error.ts";
import { ShimDiag } from "../../src/generated/containerd/runhcs/v1/diag.ts";
import { Diagnostics, Direction } from "../../src/generated/uvmshim/diag/v1.ts";
import { readDaemonRecord, stateDirectoryOf } from "../../src/shim/records.ts";
import { startTime } from "../../src/sys/process.ts";
import type { Client } from "../../src/ttrpc/client.ts";
import { connect } from "../../src/ttrpc/socket.ts";
import { execInVm } from "./exec.ts";

const USAGE = `usage: uvmctl [--run-directory DIR] pods
       uvmctl [--run-directory DIR] POD COMMAND     POD: NAMESPACE/ID, or the path of a shim's socket
commands:
  pid                                   the daemon's
  tasks                                 containers, with their execs
  stacks                                what daemon and guest tell of themselves
  report                                the daemon's part of it, as JSON lines
  exec [-i] [-t] [-w DIR] ARGUMENT...   a process in the VM, outside any container
  share [--read-only] HOST VM           a file or directory of this host, in the VM until its end
  console [-f] [-n LINES]               what the guest wrote on its console
  bridge [--bodies] [--secrets]         what host and guest say to each other, as JSON lines`;

type Command = (client: Client, args: string[]) => Promise<number>;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const commands: Readonly<Record<string, Command>> = {
  async pid(client) {
    say(String((await client.service(ShimDiag).diagPid({})).pid));
    return 0;
  },
  async tasks(client) {
    for (const { id, execs } of (await client.service(ShimDiag).diagTasks({ execs: true })).tasks) {
      say(id);
      for (const exec of execs) say(`  ${exec.id} ${exec.state}`);
    }
    return 0;
  },
  async stacks(client) {
    const { stacks, guestStacks } = await client.service(ShimDiag).diagStacks({});
    say(guestStacks === "" ? stacks : `${stacks}\nguest:\n${guestStacks.trimEnd()}`);
    return 0;
  },
  async report(client) {
    for (const { what, fields } of (await client.service(Diagnostics).report({})).lines) {
      const members = [...fields].map(([name, value]) => `,${JSON.stringify(name)}:${value}`);
      say(`{"what":${JSON.stringify(what)}${members.join("")}}`);
    }
    return 0;
  },
  async exec(client, args) {
    // What follows the program is the program's.
    const first = args.findIndex((arg, i) => !arg.startsWith("-") && args[i - 1] !== "-w");
    const { values } = parseArgs({
      args: args.slice(0, first === -1 ? undefined : first),
      options: {
        i: { type: "boolean", short: "i" },
        t: { type: "boolean", short: "t" },
        w: { type: "string", short: "w" },
      },
    });
    const asked = { args: first === -1 ? [] : args.slice(first), workdir: values.w ?? "" };
    return await execInVm(client, { ...asked, terminal: values.t ?? false, input: values.i ?? false });
  },
  async share(client, args) {
    const { values, positionals } = parseArgs({
      args,
      options: { "read-only": { type: "boolean" } },
      allowPositionals: true,
    });
    const [hostPath = "", uvmPath = ""] = positionals;
    await client.service(ShimDiag).diagShare({ hostPath, uvmPath, readOnly: values["read-only"] ?? false });
    return 0;
  },
  async console(client, args) {
    const { values } = parseArgs({
      args,
      options: { f: { type: "boolean", short: "f" }, n: { type: "string", short: "n" } },
    });
    const lines = Number(values.n ?? 0);
    if (!Number.isInteger(lines) || lines < 0) throw invalidArgument(`-n ${values.n} is no number of lines`);
    for await (const { text, lost } of client.service(Diagnostics).console({ lines, follow: values.f ?? false })) {
      if (lost > 0n) say(`(${lost} lines lost)`);
      say(text);
    }
    return 0;
  },
  async bridge(client, args) {
    const { values } = parseArgs({ args, options: { bodies: { type: "boolean" }, secrets: { type: "boolean" } } });
    const { bodies = false, secrets = false } = values;
    for await (const message of client.service(Diagnostics).bridge({ bodies: bodies || secrets, secrets })) {
      const { at, direction, name, id, bytes, ms, body, lost } = message;
      const line = {
        at: at && new Date(Number(at.seconds) * 1000 + at.nanos / 1e6).toISOString(),
        direction: direction === Direction.TO_GUEST ? "to-guest" : "from-guest",
        ...{ name, id: Number(id), bytes },
        ...(ms > 0 && { ms: Math.round(ms * 10) / 10 }),
        ...(body !== "" && { body }),
        ...(lost > 0n && { lost: Number(lost) }),
      };
      say(JSON.stringify(line));
    }
    return 0;
  },
};

function listPods(runDirectory: string): void {
  for (const namespace of entries(runDirectory)) {
    for (const id of entries(`${runDirectory}/${namespace}`)) {
      const record = readDaemonRecord(stateDirectoryOf(runDirectory, namespace, id));
      // A record outlives a daemon that was killed, until the pod's delete or next start.
      if (record !== undefined && startTime(record.pid) === record.startTime)
        say(`${namespace}/${id} ${record.stack} pid ${record.pid} ${record.socketPath}`);
    }
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

function socketOf(pod: string, runDirectory: string): string {
  if (pod.startsWith("/")) return pod;
  const [namespace = "", id = ""] = pod.split("/");
  const record = readDaemonRecord(stateDirectoryOf(runDirectory, namespace, id));
  if (record === undefined) throw notFound(`no pod ${pod} under ${runDirectory}: uvmctl pods lists them`);
  return record.socketPath;
}

async function main(args: string[]): Promise<number> {
  let runDirectory = "/run/uvm-shim";
  if (args[0] === "--run-directory") {
    [, runDirectory = ""] = args;
    args = args.slice(2);
  }
  const [pod = "", name = "", ...rest] = args;
  if (pod === "pods") {
    listPods(runDirectory);
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw invalidArgument(USAGE);
  const client = await connect(socketOf(pod, runDirectory));
  try {
    return await command(client, rest);
  } finally {
    client.close();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${ShimError.from(error).message}\n`);
  process.exitCode = 125;
}
