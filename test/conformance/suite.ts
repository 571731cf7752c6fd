import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, type CommandResult, run, start } from "../harness/command.ts";
import { type GoTest, readGoTests } from "../harness/go-test-report.ts";
import type { Inventory } from "../harness/leftovers.ts";
import { shimDirectory } from "../harness/runtime-under-test.ts";
import { Traces } from "../harness/traces.ts";
import { until } from "../harness/until.ts";
import { gaps, type Profile, type Release } from "./profiles.ts";

/** A built containerd/shimtest. */
export interface ShimTest {
  readonly release: Release;
  readonly binary: string;
  /** The program that its containers run. */
  readonly testbin: string;
}

const peers = fileURLToPath(new URL("../../out/peers/", import.meta.url));
/** However many inputs a fuzz target gets. */
const FUZZ_MS = 300_000;

/** What SHIMTEST names, else what scripts/peers.sh built. Throws, with a sentence for people, where it is not there. */
export function findShimTest(directory: string | undefined): ShimTest {
  const given = directory === undefined || directory === "" ? undefined : directory;
  const found: ShimTest =
    given === undefined
      ? { release: "pinned", binary: join(peers, "shimtest.test"), testbin: join(peers, "testbin") }
      : {
          ...{ release: "given", binary: join(given, "_output/shimtest.test") },
          testbin: join(given, "testdata/testbin"),
        };
  for (const path of [found.binary, found.testbin]) {
    if (existsSync(path)) continue;
    const mend =
      given === undefined ? "scripts/peers.sh builds it" : `SHIMTEST is ${given}, which has none that is built`;
    throw new Error(`containerd/shimtest is not there: no ${path}; ${mend}`);
  }
  return found;
}

/** shimtest against our binary on one stack, in namespaces of its own, and the account of what it leaves. */
export class Suite {
  readonly #traces = new Traces(() => undefined);
  readonly #shimtest: ShimTest;
  readonly #profile: Profile;
  #holder: Command | undefined;
  #before: Inventory | undefined;

  constructor(shimtest: ShimTest, profile: Profile) {
    this.#shimtest = shimtest;
    this.#profile = profile;
  }

  /** Containers are named after it, and with them their cgroups: so the account knows them. */
  get #name(): string {
    return this.#traces.namespace;
  }

  #holderPid(): string {
    return readFileSync(this.#file("namespaces.pid"), "utf8").trim();
  }

  #file(name: string): string {
    return join(this.#traces.directory, name);
  }

  async open(): Promise<void> {
    for (const name of ["etc/uvm-shim", "tmp", "run"]) mkdirSync(this.#file(name), { recursive: true });
    const directories = `run_directory = "${this.#file("run")}"\n`;
    writeFileSync(this.#file("etc/uvm-shim/config.toml"), directories + this.#profile.configuration);
    writeFileSync(
      this.#file(`${this.#name}.json`),
      JSON.stringify({
        shim_binary: join(shimDirectory, "containerd-shim-uvm-v1"),
        format_mounts: this.#profile.formatMounts,
        skip: Object.keys(gaps(this.#profile, this.#shimtest.release).suites),
        debug: true,
      }),
    );
    const isolated = fileURLToPath(new URL("isolated", import.meta.url));
    const holder = start([isolated, this.#traces.directory], { env: this.#traces.env });
    this.#holder = holder;
    await until("the namespaces are there", () => {
      if (holder.ended()) throw new Error(`no namespaces of our own; root is needed:\n${holder.stderr()}`);
      // The account names processes by their titles: not before it has its last one.
      return existsSync(this.#file("namespaces.pid")) && comm(this.#holderPid()) === "sleep";
    });
    this.#before = this.#traces.inventory();
  }

  /** One run of the test binary; `milliseconds` is its own deadline, after which it fails. */
  async run(flags: readonly string[], milliseconds: number): Promise<CommandResult> {
    const holder = this.#holderPid();
    const { binary, testbin } = this.#shimtest;
    // Below the account's directory, as short as it can be: sockets go there.
    const env = { ...this.#traces.env, TMPDIR: this.#file("tmp"), SHIMTEST_TESTBIN: testbin };
    const argv = [
      ...["nsenter", "--mount", "--net", "--target", holder, binary, ...flags],
      ...[`-test.timeout=${milliseconds}ms`, `-shimtest.config=${this.#file(`${this.#name}.json`)}`],
    ];
    return await run(argv, { cwd: this.#traces.directory, env, timeout: milliseconds + 10_000 });
  }

  /** The tests whose names match, less those that the profile leaves out; their names start below the configuration's. */
  async tests(
    pattern: string,
    flags: readonly string[],
    milliseconds: number,
    without: readonly string[] = [],
  ): Promise<GoTest[]> {
    const skipped = [...Object.keys(gaps(this.#profile, this.#shimtest.release).tests), ...without].join("|");
    const skip = skipped === "" ? [] : [`-test.skip=^TestShim$/.*/^(${skipped})$`];
    const { code, stdout, stderr } = await this.run(
      ["-test.v", `-test.run=${pattern}`, ...skip, ...flags],
      milliseconds,
    );
    const tests = readGoTests(stdout).map((test) => ({
      ...test,
      name: test.name.replace(`TestShim/${this.#name}/`, ""),
    }));
    const late = /^panic: (test timed out after \S+)\n\s+running tests:\n((?:\t\t.*\n)*)/m.exec(stdout + stderr);
    if (late !== null) {
      // Go tells outcomes at the end of the whole: of those before nothing is known.
      const running = (late[2] ?? "").trim().split(/\n\s*/).at(-1) ?? "";
      return [{ name: running, outcome: "failed", log: [late[1] ?? ""] }];
    }
    const explained = code === 0 || tests.some(({ outcome }) => outcome === "failed");
    return explained ? tests : [...tests, { name: "shimtest", outcome: "failed", log: [`code ${code}`, stderr] }];
  }

  /**
   * A fuzz target, its seeds first, with so many inputs. Built without coverage it tries blindly. A time instead of a number
   * would now and then fail as it is up (golang/go#75804, mended in Go 1.27).
   */
  async fuzz(target: string, inputs: number): Promise<GoTest[]> {
    const cache = `-test.fuzzcachedir=${this.#file("tmp")}`;
    const flags = [`-test.fuzz=^${target}$`, `-test.fuzztime=${inputs}x`, cache, "-test.parallel=1"];
    const before = readdirSync(this.#file("tmp"));
    const tests = await this.tests(`^${target}$`, flags, FUZZ_MS);
    await this.#endFuzzed(target, before);
    return tests;
  }

  /**
   * Go kills a fuzzing worker a second after its last input, clean-up or not. A shim that it leaves holds what nobody
   * deletes any more: told to end, it has to take all of that away itself. The worker's own files are removed here.
   */
  async #endFuzzed(target: string, before: readonly string[]): Promise<void> {
    const title = ` -id ${target.toLowerCase()}-`;
    const shims = () => this.#traces.processes().filter((process) => process.title.includes(title));
    for (const { pid } of shims()) process.kill(pid, "SIGTERM");
    await until("the fuzzed shims have ended", () => shims().length === 0);
    for (const name of readdirSync(this.#file("tmp"))) {
      if (!before.includes(name)) rmSync(join(this.#file("tmp"), name), { recursive: true });
    }
  }

  /** Its benchmarks' lines, one each. */
  async benchmarks(pattern: string, times: number, milliseconds: number): Promise<string[]> {
    const flags = ["-test.run=^$", `-test.bench=${pattern}`, `-test.benchtime=${times}x`];
    const { code, stdout, stderr } = await this.run(flags, milliseconds);
    if (code !== 0) throw new Error(`shimtest's benchmarks: code ${code}\n${stdout}${stderr}`);
    const prefix = `BenchmarkShim/${this.#name}/`;
    return stdout
      .split("\n")
      .filter((line) => line.startsWith(prefix))
      .map((line) => line.slice(prefix.length));
  }

  /** What is still there, a line each: processes, sockets, mounts, taps, cgroups, files. */
  async leftovers(): Promise<string[]> {
    const traces = this.#before === undefined ? [] : await this.#traces.leaksSince(this.#before);
    const { stdout } = await run(["find", this.#file("tmp"), this.#file("run"), "-mindepth", "1"]);
    const files = stdout.split("\n").filter((path) => path !== "");
    return [...traces, ...files.map((path) => `file ${path}`)];
  }

  async close(): Promise<void> {
    this.#holder?.kill();
    await this.#holder?.result();
    await this.#traces.sweep();
  }
}

function comm(pid: string): string {
  return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
}
