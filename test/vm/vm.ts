/** VMs of the library for its tests: each below a directory of its own, with a shell in its guest. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Machine } from "../../src/generated/uvmshim/agent/v1.ts";
import { createLogger } from "../../src/log/logger.ts";
import type { ByteStream } from "../../src/sys/byte-stream.ts";
import { mountsUnder } from "../../src/sys/mountinfo.ts";
import type { Instance } from "../../src/vm/instance.ts";
import { Manager } from "../../src/vm/manager.ts";
import type { ManagerOptions } from "../../src/vm/manager-options.ts";

/** A guest boots in seconds; a machine that does many other things may take many of them. */
export const BOOT_MS = 240_000;

export class VmBase {
  readonly directory = mkdtempSync(join(tmpdir(), "uvm-vm-"));
  readonly logged: string[] = [];
  #count = 0;

  manager(options: Partial<ManagerOptions> = {}): Manager {
    const log = createLogger({ level: "info", sink: { write: (line) => void this.logged.push(line) } });
    const times = { bootTimeout: BOOT_MS, streamTimeout: BOOT_MS };
    return new Manager({ image: resolve("out/uvm"), accel: "tcg", log, ...times, ...options });
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** A directory that is there and empty. */
  make(name: string): string {
    mkdirSync(this.path(name));
    return this.path(name);
  }

  state(): string {
    return this.make(`state${++this.#count}`);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}

/** What an instance has left of itself: below its directory, in the list of processes, among the mounts. */
export function remains(state: string): string[] {
  const processes = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n");
  return [
    ...readdirSync(state).map((name) => `file ${name}`),
    ...processes.filter((line) => line.includes(state) && !/\bps -eo\b/.test(line)).map((line) => `process ${line}`),
    ...mountsUnder(state).map((path) => `mount ${path}`),
  ];
}

/** All that comes until the peer's end, which is answered with ours. */
export function readToEnd(stream: ByteStream): Promise<Buffer> {
  return new Promise((done, fail) => {
    const chunks: Uint8Array[] = [];
    stream.open({
      data: (chunk) => void chunks.push(chunk),
      end() {
        stream.end();
        done(Buffer.concat(chunks));
      },
      drain() {},
      close: (error) => fail(error ?? new Error("the stream closed before its end")),
    });
  });
}

let shells = 0;

/** A line of shell in the guest; its output, and its exit status. */
export async function sh(instance: Instance, line: string): Promise<{ code: number; output: string }> {
  const stdout = `shell-${++shells}`;
  const output = readToEnd(await instance.startStream(stdout));
  const args = ["/usr/bin/busybox", "sh", "-c", `{ ${line}\n} 2>&1`];
  const machine = instance.client().service(Machine);
  const [{ exitStatus }, bytes] = await Promise.all([
    machine.run({ args, stdin: "", stdout, stderr: "" }, { timeout: BOOT_MS }),
    output,
  ]);
  return { code: exitStatus, output: bytes.toString().trim() };
}

/** The output of a line that has to succeed. */
export async function run(instance: Instance, line: string): Promise<string> {
  const { code, output } = await sh(instance, line);
  if (code !== 0) throw new Error(`${line} exited with ${code}: ${output}`);
  return output;
}
