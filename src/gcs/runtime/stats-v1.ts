import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { type Count, count, defined, multiply, readCount, readFlatKeyed, readText } from "./stats-file.ts";

/** cpuacct.stat counts in USER_HZ, which is 100 on every architecture that we run on. */
const NANOSECONDS_PER_TICK = 10_000_000;

/** Metrics field -> key of memory.stat where it is not the same word. */
const MEMORY_KEYS: Readonly<Record<string, string>> = {
  pg_pg_in: "pgpgin",
  pg_pg_out: "pgpgout",
  pg_fault: "pgfault",
  pg_maj_fault: "pgmajfault",
};
const MEMORY_FIELDS = [
  ...[
    "cache",
    "rss",
    "rss_huge",
    "mapped_file",
    "dirty",
    "writeback",
    "pg_pg_in",
    "pg_pg_out",
    "pg_fault",
    "pg_maj_fault",
  ],
  ...["inactive_anon", "active_anon", "inactive_file", "active_file", "unevictable"],
];

/**
 * The files of the v1 controllers in the shape of `io.containerd.cgroups.v1.Metrics`,
 * JSON names as in its .proto. A controller that is not mounted leaves no member.
 */
export function readV1Metrics(controllers: ReadonlyMap<string, string>): Record<string, unknown> {
  const memory = controllers.get("memory");
  const pids = controllers.get("pids");
  const blkio = controllers.get("blkio");
  const hugetlb = controllers.get("hugetlb");
  return defined({
    hugetlb: hugetlb === undefined ? undefined : hugetlbMetrics(hugetlb),
    pids:
      pids === undefined
        ? undefined
        : { current: readCount(`${pids}/pids.current`) ?? 0, limit: readCount(`${pids}/pids.max`, 0) ?? 0 },
    cpu: cpuMetrics(controllers.get("cpu"), controllers.get("cpuacct")),
    memory: memory === undefined ? undefined : memoryMetrics(memory),
    blkio: blkio === undefined ? undefined : blkioMetrics(blkio),
    memory_oom_control: memory === undefined ? undefined : oomControl(memory),
  });
}

function cpuMetrics(cpu: string | undefined, cpuacct: string | undefined): Record<string, unknown> | undefined {
  if (cpu === undefined && cpuacct === undefined) return undefined;
  return defined({
    usage: cpuacct === undefined ? undefined : cpuUsage(cpuacct),
    throttling: cpu === undefined ? undefined : cpuThrottling(cpu),
  });
}

function cpuUsage(directory: string): Record<string, unknown> {
  const ticks = readFlatKeyed(`${directory}/cpuacct.stat`);
  const perCpu = readText(`${directory}/cpuacct.usage_percpu`) ?? "";
  return {
    total: readCount(`${directory}/cpuacct.usage`) ?? 0,
    kernel: multiply(ticks.get("system"), NANOSECONDS_PER_TICK),
    user: multiply(ticks.get("user"), NANOSECONDS_PER_TICK),
    per_cpu: perCpu
      .split(/\s+/)
      .filter((word) => word !== "")
      .map(count),
  };
}

function cpuThrottling(directory: string): Record<string, unknown> {
  const stat = readFlatKeyed(`${directory}/cpu.stat`);
  return {
    periods: stat.get("nr_periods") ?? 0,
    throttled_periods: stat.get("nr_throttled") ?? 0,
    throttled_time: stat.get("throttled_time") ?? 0,
  };
}

function memoryMetrics(directory: string): Record<string, unknown> {
  const stat = readFlatKeyed(`${directory}/memory.stat`);
  const metrics: Record<string, unknown> = {};
  for (const field of MEMORY_FIELDS) {
    const key = MEMORY_KEYS[field] ?? field;
    metrics[field] = stat.get(key) ?? 0;
    metrics[`total_${field}`] = stat.get(`total_${key}`) ?? 0;
  }
  metrics.hierarchical_memory_limit = stat.get("hierarchical_memory_limit") ?? 0;
  metrics.hierarchical_swap_limit = stat.get("hierarchical_memsw_limit") ?? 0;
  const entries = [
    ["usage", "memory"],
    ["swap", "memory.memsw"],
    ["kernel", "memory.kmem"],
    ["kernel_tcp", "memory.kmem.tcp"],
  ] as const;
  for (const [field, prefix] of entries) {
    const usage = readCount(`${directory}/${prefix}.usage_in_bytes`);
    if (usage === undefined) continue;
    metrics[field] = {
      limit: readCount(`${directory}/${prefix}.limit_in_bytes`) ?? 0,
      usage,
      max: readCount(`${directory}/${prefix}.max_usage_in_bytes`) ?? 0,
      failcnt: readCount(`${directory}/${prefix}.failcnt`) ?? 0,
    };
  }
  return metrics;
}

function oomControl(directory: string): Record<string, unknown> {
  const control = readFlatKeyed(`${directory}/memory.oom_control`);
  return {
    oom_kill_disable: control.get("oom_kill_disable") ?? 0,
    under_oom: control.get("under_oom") ?? 0,
    oom_kill: control.get("oom_kill") ?? 0,
  };
}

function blkioMetrics(directory: string): Record<string, unknown> {
  const bfq = [
    "io_service_bytes",
    "io_serviced",
    "io_queued",
    "io_service_time",
    "io_wait_time",
    "io_merged",
    "io_time",
  ];
  const metrics: Record<string, unknown> = {};
  const nameOf = deviceNames();
  // A scheduler that accounts has this file at least, and a file that is not there costs more than one that is.
  if (existsSync(`${directory}/blkio.io_serviced_recursive`)) {
    for (const name of bfq) {
      const entries = blkioEntries(`${directory}/blkio.${name}_recursive`, nameOf);
      if (entries.length > 0) metrics[`${name}_recursive`] = entries;
    }
  }
  // Without a scheduler that accounts (bfq), only the throttle layer counts.
  for (const name of ["io_service_bytes", "io_serviced"]) {
    metrics[`${name}_recursive`] ??= throttleEntries(directory, name, nameOf);
  }
  return metrics;
}

function throttleEntries(directory: string, name: string, nameOf: typeof deviceName): Record<string, unknown>[] {
  const recursive = blkioEntries(`${directory}/blkio.throttle.${name}_recursive`, nameOf);
  return recursive.length > 0 ? recursive : blkioEntries(`${directory}/blkio.throttle.${name}`, nameOf);
}

/** "8:0 Read 4096" lines; the closing "Total N" of all devices is no entry. */
function blkioEntries(path: string, nameOf: typeof deviceName): Record<string, unknown>[] {
  const entries: Record<string, unknown>[] = [];
  for (const line of (readText(path) ?? "").split("\n")) {
    const [, major, minor, op = "", value] = /^(\d+):(\d+) (?:(\w+) )?(\d+)$/.exec(line) ?? [];
    if (major === undefined || minor === undefined || value === undefined) continue;
    entries.push({
      op,
      device: nameOf(major, minor),
      major: Number(major),
      minor: Number(minor),
      value: count(value),
    });
  }
  return entries;
}

/** `deviceName` of one measurement: there are many lines of a device, in several files. */
function deviceNames(): typeof deviceName {
  const names = new Map<string, string>();
  return (major, minor) => {
    const number = `${major}:${minor}`;
    const name = names.get(number) ?? deviceName(major, minor);
    names.set(number, name);
    return name;
  };
}

/** "/dev/sda" for 8:0; empty for a device that is gone. */
export function deviceName(major: string, minor: string): string {
  try {
    return `/dev/${basename(readlinkSync(`/sys/dev/block/${major}:${minor}`))}`;
  } catch {
    return "";
  }
}

export interface HugetlbMetrics {
  readonly usage: Count;
  readonly max: Count;
  readonly failcnt: Count;
  readonly pagesize: string;
}

function hugetlbMetrics(directory: string): HugetlbMetrics[] {
  const metrics: HugetlbMetrics[] = [];
  let files: string[] = [];
  try {
    files = readdirSync(directory);
  } catch {
    return metrics;
  }
  for (const file of files) {
    const [, pagesize] = /^hugetlb\.([^.]+)\.usage_in_bytes$/.exec(file) ?? [];
    if (pagesize === undefined) continue;
    metrics.push({
      usage: readCount(`${directory}/${file}`) ?? 0,
      max: readCount(`${directory}/hugetlb.${pagesize}.max_usage_in_bytes`) ?? 0,
      failcnt: readCount(`${directory}/hugetlb.${pagesize}.failcnt`) ?? 0,
      pagesize,
    });
  }
  return metrics;
}
