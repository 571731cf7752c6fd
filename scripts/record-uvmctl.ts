/**
 * The terminal recording of README.md ("Drive a VM by hand").
 *
 *   record-uvmctl.ts            runs its commands, with what `make build uvm-image` made, and writes it
 *   record-uvmctl.ts --print    only prints it
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type CommandResult, run } from "../test/harness/command.ts";

const PAGE = "README.md";
const DISK = "/run/disks/data.img";
// Renamed: who reads it never finds half of it.
const COUNTER = `d=${DISK}; i=0; while echo $i >$d/new && mv $d/new $d/count; do i=$((i+1)); sleep 1; done`;

/** Each one line of a shell; the last one ends what they started. */
export const commands: readonly string[] = [
  "truncate -s 64M data.img && mkfs.ext4 -q data.img",
  "uvmctl boot --name demo --disk data.img",
  "uvmctl exec demo uname -a",
  `uvmctl exec demo sh -c '(${COUNTER}) >/dev/null 2>&1 &'`,
  `uvmctl exec demo sh -c 'until cat ${DISK}/count; do sleep 1; done 2>/dev/null'`,
  "uvmctl pause demo",
  "uvmctl save demo saved",
  "uvmctl stop demo",
  "uvmctl restore saved",
  "uvmctl exec demo uname -n",
  `uvmctl exec demo cat ${DISK}/count`,
  "uvmctl stop demo",
];

/** Runs a line of the recording as at a terminal, in a directory that also has the VMs' state. */
export function runLine(line: string, directory: string): Promise<CommandResult> {
  const path = [resolve("out"), process.env.PATH ?? "", "/usr/sbin", "/sbin"].join(":");
  const env = { PATH: path, UVMCTL_VM_DIRECTORY: join(directory, "vms") };
  return run(["sh", "-c", `exec 2>&1; ${line}`], { cwd: directory, env });
}

async function record(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "uvmctl-recording-"));
  const lines: string[] = [];
  try {
    for (const line of commands) {
      const { code, stdout } = await runLine(line, directory);
      lines.push(`# ${line}\n${stdout}`);
      if (code !== 0) throw new Error(`${line}: code ${code}\n${lines.join("")}`);
    }
  } finally {
    await runLine("uvmctl stop --now demo", directory);
    rmSync(directory, { recursive: true });
  }
  return lines.join("");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const recording = await record();
  process.stdout.write(recording);
  if (!process.argv.includes("--print")) {
    const place = /(<!-- recorded: scripts\/record-uvmctl\.ts -->\n)[\s\S]*?(<!-- end -->)/;
    const text = readFileSync(PAGE, "utf8");
    const written = text.replace(place, (_, head: string, end: string) => {
      return `${head}\n\`\`\`console\n${recording}\`\`\`\n\n${end}`;
    });
    writeFileSync(PAGE, written);
  }
}
