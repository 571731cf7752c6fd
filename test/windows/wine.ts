import { spawn } from "node:child_process";
import { closeSync, linkSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { cp } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { until } from "../harness/until.ts";

/** What scripts/windows.sh makes. */
export const RIG = resolve("out/windows");

/** The path as a program under Wine sees it: drive Z is this host's root. */
export function windowsPath(path: string): string {
  return `Z:${resolve(path).replaceAll("/", "\\")}`;
}

export interface Ran {
  /** undefined: killed at the time limit. */
  readonly code: number | undefined;
  readonly output: string;
}

/**
 * A Wine of its own: a copy of the prefix, in which nothing of another test file can be, and one wineserver that ends with it.
 * No program under Wine may have a Unix pipe or socket as stdio (reference: windows 1), so output goes to files.
 */
export class Wine {
  readonly #directory: string;
  readonly #environment: Record<string, string>;
  #server: Promise<unknown> | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
    const prefix = join(directory, ".prefix");
    this.#environment = {
      ...{ PATH: process.env.PATH ?? "/usr/bin:/bin", LANG: "C.UTF-8", HOME: prefix, USER: "root", WINEPREFIX: prefix },
      ...{ WINEDEBUG: "-all", WINEDLLOVERRIDES: "winedbg.exe=d;mscoree=;mshtml=;winemenubuilder.exe=d" },
    };
  }

  /** In `directory`, which is made, below out/windows: the prefix's programs are linked, not copied. */
  static async start(directory: string): Promise<Wine> {
    const wine = new Wine(directory);
    await copyPrefix(join(RIG, ".prefix"), join(directory, ".prefix"));
    // In the foreground it is our child. Should we be killed it ends by itself, once it has served nobody for 30 s.
    const server = spawn("wineserver", ["-f", "-p30"], { env: wine.#environment, stdio: "ignore" });
    wine.#server = new Promise((ended, failed) => server.on("error", failed).on("exit", ended));
    return wine;
  }

  /** Runs node.exe; `output` is the file that takes what it prints. */
  async node(args: readonly string[], output: string, env: Record<string, string>, limitMs: number): Promise<Ran> {
    const fd = openSync(output, "w");
    try {
      const child = spawn("wine", [join(RIG, "node.exe"), ...args], {
        env: { ...this.#environment, ...env },
        stdio: ["ignore", fd, fd],
      });
      const code = await new Promise<number | undefined>((ended, failed) => {
        const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
        child.on("error", failed).on("exit", (status, signal) => {
          clearTimeout(timer);
          ended(signal === "SIGKILL" ? undefined : (status ?? -1));
        });
      });
      return { code, output: readFileSync(output, "utf8") };
    } finally {
      closeSync(fd);
    }
  }

  /** Programs of tests that still run. Wine's own (services, explorer) end with the server. */
  leftovers(): string[] {
    return this.#processes().filter((title) => title.includes("node.exe"));
  }

  /** Ends the server and with it all that runs below it; what is left after that is killed and returned. */
  async stop(): Promise<string[]> {
    spawn("wineserver", ["-k"], { env: this.#environment, stdio: "ignore" }).on("error", () => {});
    await this.#server;
    const gone = await until("Wine's processes to end", () => this.#processes().length === 0, 10_000).catch(
      () => false,
    );
    const left = gone ? [] : this.#processes();
    for (const line of left) process.kill(Number(/^process (\d+)/.exec(line)?.[1]), "SIGKILL");
    rmSync(this.#directory, { recursive: true });
    return left;
  }

  #processes(): string[] {
    const mark = `WINEPREFIX=${this.#environment.WINEPREFIX}\0`;
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && threadsOf(name).some((thread) => has(`${thread}/environ`, mark)))
      .flatMap((pid) => {
        const title = textOf(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim() || textOf(`/proc/${pid}/comm`).trim();
        // The server is counted by its exit.
        return title === "" || title.includes("wineserver") ? [] : [`process ${pid}: ${title}`];
      });
  }
}

/** A program under Wine may hang with its first thread gone, of which nothing can be read. */
function threadsOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`);
  } catch {
    return [];
  }
}

function has(file: string, mark: string): boolean {
  return `${textOf(file)}\0`.includes(mark);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** The 700 MB below windows/ are programs that nobody writes to. */
async function copyPrefix(from: string, to: string): Promise<void> {
  const windows = join(from, "drive_c", "windows");
  await cp(from, to, { recursive: true, verbatimSymlinks: true, filter: (path) => path !== windows });
  for (const entry of readdirSync(windows, { recursive: true, withFileTypes: true })) {
    const source = join(entry.parentPath, entry.name);
    const target = join(to, source.slice(from.length));
    if (entry.isDirectory()) {
      mkdirSync(target, { recursive: true });
    } else {
      mkdirSync(dirname(target), { recursive: true });
      linkSync(source, target);
    }
  }
}
