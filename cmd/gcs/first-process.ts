import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { runtime } from "#runtime";
import { appears } from "../../src/gcs/appears.ts";
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

/** Memory that is plugged in is used, and movable: it may be taken out again. Whatever the kernel was told at its start. */
const MEMORY_POLICY = "/sys/devices/system/memory/auto_online_blocks";

const NVDIMM_ROOT = "/sys/bus/acpi/devices/ACPI0012:00";

const ENDS_WITHIN_MS = 10_000;

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
  if (existsSync(MEMORY_POLICY)) writeFileSync(MEMORY_POLICY, "online_movable");
  process.chdir("/");
}

/**
 * Persistent memory that is plugged in before its driver is there is never seen: the firmware tells of it once. So a machine
 * that can take some has the driver before its host can know that we are up; others do not wait for it.
 */
export async function loadNvdimmDriver(log: Logger): Promise<void> {
  if (existsSync(NVDIMM_ROOT)) await loadModules(["nfit"], log);
}

/**
 * Where the host listens, as the kernel was told: on one vsock port that carries all, or on each port itself. Undefined where
 * the host is behind a virtio-serial port.
 */
export function vsockArgument(commandLine = readFileSync("/proc/cmdline", "utf8")): number | "ports" | undefined {
  const [, told] = /(?:^|\s)uvm\.vsock=(\d+|ports)(?:\s|$)/.exec(commandLine) ?? [];
  return told === undefined || told === "ports" ? told : Number(told);
}

export async function loadVsockDriver(log: Logger): Promise<void> {
  await loadModules(["vmw_vsock_virtio_transport"], log);
}

/** Drivers of what the host will plug in. Where one is missing the rest still works: told, and no more. */
export async function loadEarlyModules(log: Logger): Promise<void> {
  await loadModules(readFileSync(EARLY_MODULES, "utf8").split("\n").filter(Boolean), log);
}

async function loadModules(names: readonly string[], log: Logger): Promise<void> {
  const { code } = await runtime.spawn(["modprobe", "-a", ...names], { stdio: ["null", "null", 2] }).exited;
  if (code === 0) log.info("modules loaded", { names: names.join(" "), uptime: uptime() });
  else log.warn("modprobe failed: see the lines before", { code });
}

/** Seconds since the kernel began to count. */
export function uptime(): number {
  return Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
}

/** Ends every other process, unmounts the disks of containers, turns the machine off. */
export async function shutDown(log: Logger): Promise<void> {
  log.info("power off", { uptime: uptime() });
  try {
    process.kill(-1, "SIGKILL");
  } catch (error) {
    // No other process is left.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") log.warn("cannot end all processes", { error });
  }
  // A file system is written back whole when nothing holds it any more.
  const left = await appears(() => !othersRun() || undefined, { withinMs: ENDS_WITHIN_MS });
  if (left === undefined) log.warn("processes do not end");
  try {
    const busy = unmountRecursive("/run");
    if (busy.length > 0) log.warn("file systems are in use", { busy: busy.join(" ") });
  } catch (error) {
    log.warn("cannot unmount all of /run", { error });
  }
  powerOff();
}

/** A process of user space that still runs; zombies hold nothing, threads of the kernel are children of its second process. */
function othersRun(): boolean {
  return readdirSync("/proc").some((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid <= 2) return false;
    try {
      const [state, parent] = readFileSync(`/proc/${pid}/stat`, "latin1")
        .replace(/^.*\) /s, "")
        .split(" ");
      return state !== "Z" && parent !== "2";
    } catch {
      return false;
    }
  });
}
