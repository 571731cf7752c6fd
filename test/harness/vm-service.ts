import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { VM } from "../../src/generated/vmservice.ts";
import { processStat } from "../../src/sys/process.ts";
import type { Client } from "../../src/ttrpc/client.ts";
import type { ServiceClient } from "../../src/ttrpc/service.ts";
import { connect } from "../../src/ttrpc/socket.ts";

/** `out/uvm-vmservice` as a program, and a client of what it serves. */
export class VmServiceProgram {
  readonly vm: ServiceClient<typeof VM>;
  readonly #process: ChildProcess;
  readonly #client: Client;
  readonly #ended: Promise<number | null>;
  readonly #said: string[];

  private constructor(process: ChildProcess, client: Client, ended: Promise<number | null>, said: string[]) {
    this.#process = process;
    this.#client = client;
    this.#ended = ended;
    this.#said = said;
    this.vm = client.service(VM);
  }

  /** Started and ready: it has closed its stdout. */
  static async start(socket: string, more: readonly string[] = []): Promise<VmServiceProgram> {
    const child = spawn(resolve("out/uvm-vmservice"), ["--rpc", `path=${socket}`, ...more], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said: string[] = [];
    child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
    const ended = new Promise<number | null>((settle, reject) => child.on("error", reject).on("close", settle));
    ended.catch(() => undefined);
    await new Promise((ready) => child.stdout.on("close", ready).resume());
    try {
      return new VmServiceProgram(child, await connect(socket), ended, said);
    } catch (cause) {
      child.kill("SIGKILL");
      await ended;
      throw new Error(`uvm-vmservice does not serve ${socket}: ${said.join("")}`, { cause });
    }
  }

  get pid(): number {
    return this.#process.pid ?? -1;
  }

  /** Its log. */
  get said(): string {
    return this.#said.join("");
  }

  /** The processes that it has started and that run. */
  children(): number[] {
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => {
        const stat = pid > 0 ? processStat(pid) : undefined;
        return stat?.parentPid === this.pid && stat.state !== "Z";
      });
  }

  /** Resolves with its exit code once it is gone. */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) this.#process.kill(signal);
    const code = await this.#ended;
    this.#client.close();
    return code;
  }
}
