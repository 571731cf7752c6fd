import { writeSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { LOG_LEVELS, type LogLevel } from "../../src/log/logger.ts";
import { VERSION } from "../../src/shim/identity.ts";

/** What the server was started with. Paths are absolute but for programs, which may be names on PATH. */
export interface ServerArguments {
  readonly socket: string;
  readonly pidfile?: string;
  readonly stateDirectory: string;
  readonly qemu: string;
  readonly virtiofsd: string;
  readonly accel: "auto" | "kvm" | "tcg";
  readonly logLevel: LogLevel;
  readonly endWithParent: boolean;
}

/** The command line, OpenVMM's where that has the same. Throws commander's error, which has been printed. */
export function parseArguments(args: readonly string[], write: (text: string) => void): ServerArguments {
  const program = new Command("uvm-vmservice")
    .description("Serves OpenVMM's vmservice.VM over ttrpc on a unix socket: one VM, in QEMU (docs/vmservice.md).")
    .version(VERSION, "-V, --version", "print the version")
    .option("--rpc <path=PATH[,transport=ttrpc]>", "the socket to serve", rpcPath)
    .option("--ttrpc <path>", "the same, in its older form", absolutePath)
    .option("--pidfile <path>", "file that holds the process id, locked while it serves", absolutePath)
    .option("--state-directory <dir>", "where the VM's state is (default: the socket's path with .state)", absolutePath)
    .option("--qemu <program>", "QEMU: a name or a path", "qemu-system-x86_64")
    .option("--virtiofsd <program>", "what serves a directory to the VM", "/usr/lib/qemu/virtiofsd")
    .addOption(new Option("--accel <how>", "how VMs are run").choices(["auto", "kvm", "tcg"]).default("auto"))
    .addOption(new Option("--log-level <level>", "of the log on stderr").choices([...LOG_LEVELS]).default("info"))
    .option("--end-with-parent", "end when the process ends that started this one", false)
    .allowExcessArguments(false)
    .configureOutput({ writeOut: (text) => void writeSync(1, text), writeErr: write })
    .exitOverride();
  program.parse(args, { from: "user" });
  const { rpc, ttrpc, ...options } = program.opts<Parsed>();
  if ((rpc === undefined) === (ttrpc === undefined)) {
    program.error("error: name the socket to serve, once: --rpc path=/run/vm.sock");
  }
  const socket = rpc ?? ttrpc ?? "";
  return { ...options, socket, stateDirectory: options.stateDirectory ?? `${socket}.state` };
}

interface Parsed extends Omit<ServerArguments, "socket" | "stateDirectory"> {
  readonly rpc?: string;
  readonly ttrpc?: string;
  readonly stateDirectory?: string;
}

function rpcPath(value: string): string {
  const members = new Map(value.split(",").map((member) => splitOnce(member)));
  const { path = "", transport = "auto", ...others } = Object.fromEntries(members);
  const [other] = Object.keys(others);
  if (other !== undefined) throw new InvalidArgumentError(`There is no ${other}: use path and transport.`);
  if (transport !== "auto" && transport !== "ttrpc") {
    throw new InvalidArgumentError(`Transport ${transport} is not served: use ttrpc.`);
  }
  return absolutePath(path);
}

function splitOnce(member: string): [string, string] {
  const at = member.indexOf("=");
  return at === -1 ? [member, ""] : [member.slice(0, at), member.slice(at + 1)];
}

function absolutePath(value: string): string {
  if (!value.startsWith("/")) throw new InvalidArgumentError("Give an absolute path.");
  return value;
}
