import { spawn } from "node:child_process";
import { closeSync, linkSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { cp } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { withFixedLayout } from "../harness/fixed-layout.ts";
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
  #stopping = false;
  readonly #broken = new AbortController();

  private constructor(directory: string) {
    this.#directory = directory;
    const prefix = join(directory, ".prefix");
    this.#environment = {
      ...{ PATH: process.env.PATH ?? "/usr/bin:/bin", LANG: "C.UTF-8", HOME: prefix, USER: "root", WINEPREFIX: prefix },
      // The server's socket is below it, in a directory that stays: named after the prefix's inode, which another may have later.
      TMPDIR: join(directory, "tmp"),
      ...{ WINEDEBUG: "-all", WINEDLLOVERRIDES: "winedbg.exe=d;mscoree=;mshtml=;winemenubuilder.exe=d" },
    };
  }

  /** In `directory`, which is made, below out/windows: the prefix's programs are linked, not copied. */
  static async start(directory: string): Promise<Wine> {
    const wine = new Wine(directory);
    mkdirSync(join(directory, "tmp"), { recursive: true });
    await copyPrefix(join(RIG, ".prefix"), join(directory, ".prefix"));
    // In the foreground it is our child. Should we be killed it ends by itself, once it has served nobody for 30 s.
    const said = join(directory, "wineserver");
    const fd = openSync(said, "w");
    const server = spawn("wineserver", ["-f", "-p30"], { env: wine.#environment, stdio: ["ignore", "ignore", fd] });
    closeSync(fd);
    wine.#server = new Promise<void>((ended, failed) => {
      server.on("error", failed).on("exit", (code, signal) => {
        const how = `ended by ${signal ?? `itself, with ${code}`}`;
        if (!wine.#stopping) wine.#broken.abort(`${how}: ${textOf(said).trim() || "it said nothing"}`);
        ended();
      });
    });
    // A node.exe that comes before it starts a server of its own, and ours gives way to that (exit 2).
    await until("Wine's server to listen", () => wine.broken !== undefined || listens(join(directory, "tmp")));
    return wine;
  }

  /**
   * How the server ended by itself, if it did. Wine 8's crashes now and then when a process ends with I/O under way; what is left
   * then waits for ever, so the run says nothing of what was tested.
   */
  get broken(): string | undefined {
    return this.#broken.signal.aborted ? String(this.#broken.signal.reason) : undefined;
  }

  /** Runs node.exe; `output` is the file that takes what it prints. */
  async node(args: readonly string[], output: string, env: Record<string, string>, limitMs: number): Promise<Ran> {
    const fd = openSync(output, "w");
    try {
      const [file = "", ...rest] = withFixedLayout(["wine", join(RIG, "node.exe"), ...args]);
      const child = spawn(file, rest, {
        env: { ...this.#environment, ...env },
        stdio: ["ignore", fd, fd],
      });
      const code = await new Promise<number | undefined>((ended, failed) => {
        const end = () => child.kill("SIGKILL");
        const timer = setTimeout(end, limitMs);
        this.#broken.signal.addEventListener("abort", end);
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
    this.#stopping = true;
    if (this.broken === undefined) {
      spawn("wineserver", ["-k"], { env: this.#environment, stdio: "ignore" }).on("error", () => {});
      await Promise.race([this.#server, delay(10_000)]);
      await until("Wine's processes to end", () => this.#processes().length === 0).catch(() => {});
    }
    const left = this.#processes();
    killBelow(this.#directory);
    await until("what was killed to end", () => this.#processes().length === 0);
    rmSync(this.#directory, { recursive: true });
    return left;
  }

  #processes(): string[] {
    return processesBelow(this.#directory).flatMap((pid) => {
      const title = textOf(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim() || textOf(`/proc/${pid}/comm`).trim();
      // The server is counted by its exit.
      return title === "" || title.includes("wineserver") ? [] : [`process ${pid}: ${title}`];
    });
  }
}

/** Ends whatever runs in a Wine below the directory, and its server. Without that, Wine's programs would stay for ever. */
export function killBelow(directory: string): void {
  for (const pid of processesBelow(directory)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has just ended.
    }
  }
}

function processesBelow(directory: string): number[] {
  const mark = `WINEPREFIX=${directory}/`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && threadsOf(name).some((thread) => has(`${thread}/environ`, mark)))
    .map(Number);
}

/** The server makes wine-NAME/server-DEVICE-INODE/socket below its TMPDIR. */
function listens(temporary: string): boolean {
  return readdirSync(temporary, { recursive: true, encoding: "utf8" }).some((path) => path.endsWith("/socket"));
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
  // "wineserver" names the directory of the server that made the prefix.
  const filter = (path: string) => path !== windows && path !== join(from, "wineserver");
  await cp(from, to, { recursive: true, verbatimSymlinks: true, filter });
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
