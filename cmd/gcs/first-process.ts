import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { runtime } from "#runtime";
import type { Logger } from "../../src/log/logger.ts";
import { bringLoopbackUp, powerOff } from "../../src/sys/guest-system.ts";
import { mountOne, unmountRecursive } from "../../src/sys/mount.ts";

/** What a process expects to find on Linux; runc asks for all of it. In this order. */
const mounts: readonly (readonly [type: string, target: string, options: string])[] = [
  ["proc", "/proc", "nosuid,nodev,noexec"],
  ["sysfs", "/sys", "nosuid,nodev,noexec"],
  ["devtmpfs", "/dev", "nosuid,mode=755"],
  ["devpts", "/dev/pts", "nosuid,noexec,gid=5,mode=620,ptmxmode=666"],
  ["tmpfs", "/dev/shm", "nosuid,nodev,mode=1777"],
  ["mqueue", "/dev/mqueue", "nosuid,nodev,noexec"],
  ["tmpfs", "/run", "nosuid,nodev,mode=755"],
  ["tmpfs", "/tmp", "nosuid,nodev,mode=1777"],
  ["cgroup2", "/sys/fs/cgroup", "nosuid,nodev,noexec,nsdelegate"],
];

/** A file of the kernel's that is there once the file system is: the initramfs has mounted these two already. */
const witnesses: Readonly<Record<string, string>> = { "/proc": "/proc/self", "/dev": "/dev/null" };

const EARLY_MODULES = "/usr/lib/uvm/early-modules";

/** The work of an init system, as far as a machine for containers has any. */
export function prepareMachine(): void {
  for (const [type, target, options] of mounts) {
    const witness = witnesses[target];
    if (witness !== undefined && existsSync(witness)) continue;
    mkdirSync(target, { recursive: true });
    mountOne({ type, source: type, options: options.split(",") }, target);
  }
  bringLoopbackUp();
  writeFileSync("/proc/sys/kernel/hostname", "uvm");
  process.chdir("/");
}

/** Drivers of what the host will plug in. Where one is missing the rest still works: told, and no more. */
export async function loadEarlyModules(log: Logger): Promise<void> {
  const names = readFileSync(EARLY_MODULES, "utf8").split("\n").filter(Boolean);
  const { code } = await runtime.spawn(["modprobe", "-a", ...names], { stdio: ["null", "null", 2] }).exited;
  if (code === 0) log.info("modules loaded", { uptime: uptime() });
  else log.warn("modprobe failed: see the lines before", { code });
}

/** Seconds since the kernel began to count. */
export function uptime(): number {
  return Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
}

/** Ends every other process, unmounts the disks of containers, turns the machine off. */
export function shutDown(log: Logger): void {
  log.info("power off", { uptime: uptime() });
  try {
    process.kill(-1, "SIGKILL");
  } catch (error) {
    // No other process is left.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") log.warn("cannot end all processes", { error });
  }
  try {
    unmountRecursive("/run");
  } catch (error) {
    log.warn("cannot unmount all of /run", { error });
  }
  powerOff();
}
