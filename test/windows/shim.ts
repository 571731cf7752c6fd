import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { runtime } from "#runtime";
import { Task } from "../../src/generated/containerd/task/v2.ts";
import { Client } from "../../src/ttrpc/client.ts";
import { until } from "../harness/until.ts";

const env = (name: string): string => process.env[name] ?? "";

/** Each test file's own: others run beside it in the same Wine. */
const PROGRAM_DATA = join(env("UVM_TEST_DIRECTORY"), "ProgramData");
export const RUN_DIRECTORY = join(PROGRAM_DATA, "uvm-shim", "run");

export const NAMESPACE = "k8s.io";
export const PIPE = "\\\\.\\pipe\\";

export interface Ended {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** A bundle's directory, as containerd makes it. */
export function makeBundle(id: string): string {
  const bundle = join(env("UVM_TEST_DIRECTORY"), "bundles", id);
  mkdirSync(bundle, { recursive: true });
  return bundle;
}

/** The built program, called as containerd on Windows calls it: the working directory of `delete` is not the bundle. */
export function runShim(
  action: "start" | "delete" | "-info" | "-v",
  id: string,
  options: { readonly stdin?: Uint8Array; readonly env?: Record<string, string> } = {},
): Promise<Ended> {
  const bundle = makeBundle(id);
  const flags = ["-namespace", NAMESPACE, "-id", id, "-address", `${PIPE}containerd-containerd`];
  if (action === "delete") flags.push("-bundle", bundle);
  const program = options.env?.UVM_SHIM_PROGRAM ?? env("UVM_SHIM_PROGRAM");
  const [file, ...script] = program.endsWith(".exe") ? [program] : [process.execPath, program];
  const child = spawn(file ?? "", [...script, ...flags, action], {
    cwd: action === "delete" ? join(bundle, "..") : bundle,
    env: { ...inherited(), ProgramData: PROGRAM_DATA, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(options.stdin);
  const [out, err] = [child.stdout, child.stderr].map((stream) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    return chunks;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => {
      resolve({ code, stdout: Buffer.concat(out ?? []), stderr: Buffer.concat(err ?? []).toString() });
    });
  });
}

/** Names of variables are without case on Windows, and not in a copy of them. */
function inherited(): Record<string, string | undefined> {
  const dropped = ["programdata", "node_test_context"];
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !dropped.includes(name.toLowerCase())));
}

export async function connect(address: string): Promise<Client> {
  return new Client(await runtime.connect(address));
}

/** The pid of the daemon that serves there. */
export async function daemonPid(address: string, id: string): Promise<number> {
  const client = await connect(address);
  try {
    return (await client.service(Task).connect({ id })).shimPid;
  } finally {
    client.close();
  }
}

/** 0: a daemon that never was. As a process's number it means whoever asks. */
export function runs(pid: number): boolean {
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function shutDown(address: string, id: string): Promise<void> {
  const pid = await daemonPid(address, id);
  const client = await connect(address);
  await client.service(Task).shutdown({ id, now: false });
  client.close();
  await until("the daemon's end", () => !runs(pid));
}
