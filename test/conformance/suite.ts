import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, type CommandResult, run, start } from "../harness/command.ts";
import { type GoTest, readGoTests } from "../harness/go-test-report.ts";
import type { Inventory } from "../harness/leftovers.ts";
import { shimDirectory } from "../harness/runtime-under-test.ts";
import { Traces } from "../harness/traces.ts";
import { until } from "../harness/until.ts";
import type { Profile } from "./profiles.ts";

/** A built containerd/shimtest. */
export interface ShimTest {
  readonly binary: string;
  /** The program that its containers run. */
  readonly testbin: string;
}

/** The paths of a built shimtest; throws, with a sentence for people, where they are not. */
export function findShimTest(directory: string | undefined): ShimTest {
  if (directory === undefined || directory === "") {
    throw new Error("SHIMTEST is not set: let it name the directory of a built containerd/shimtest");
  }
  const found = { binary: join(directory, "_output/shimtest.test"), testbin: join(directory, "testdata/testbin") };
  for (const path of Object.values(found)) {
    if (!existsSync(path))
      throw new Error(`SHIMTEST is ${directory}, which has no built containerd/shimtest: no ${path}`);
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
        skip: Object.keys(this.#profile.skippedSuites),
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
    const skipped = [...Object.keys(this.#profile.skippedTests), ...without].join("|");
    const skip = skipped === "" ? [] : [`-test.skip=^TestShim$/.*/^(${skipped})$`];
    const { code, stdout, stderr } = await this.run(
      ["-test.v", `-test.run=${pattern}`, ...skip, ...flags],
      milliseconds,
    );
    const tests = readGoTests(stdout).map((test) => ({
      ...test,
      name: test.name.replace(`TestShim/${this.#name}/`, ""),
    }));
    const explained = code === 0 || tests.some(({ outcome }) => outcome === "failed");
    return explained ? tests : [...tests, { name: "shimtest", outcome: "failed", log: [`code ${code}`, stderr] }];
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

  /** What is still there: processes, sockets, mounts, cgroups, files. Throws with a line for each. */
  async assertNothingLeft(): Promise<void> {
    if (this.#before !== undefined) await this.#traces.assertNoLeaks(this.#before);
    const { stdout } = await run(["find", this.#file("tmp"), this.#file("run"), "-mindepth", "1"]);
    const left = stdout.split("\n").filter((path) => path !== "");
    if (left.length > 0) throw new Error(`${left.length} files left:\n${left.map((path) => `  ${path}\n`).join("")}`);
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
