import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Count, count, defined, multiply, readCount, readFlatKeyed, readText, UNLIMITED } from "./stats-file.ts";
import { deviceName } from "./stats-v1.ts";

const CPU_FIELDS = [
  ...[
    "usage_usec",
    "user_usec",
    "system_usec",
    "nr_periods",
    "nr_throttled",
    "throttled_usec",
    "nr_bursts",
    "burst_usec",
  ],
];
const MEMORY_FIELDS = [
  ...[
    "anon",
    "file",
    "kernel_stack",
    "slab",
    "sock",
    "shmem",
    "file_mapped",
    "file_dirty",
    "file_writeback",
    "anon_thp",
  ],
  ...[
    "inactive_anon",
    "active_anon",
    "inactive_file",
    "active_file",
    "unevictable",
    "slab_reclaimable",
    "slab_unreclaimable",
  ],
  ...[
    "pgfault",
    "pgmajfault",
    "workingset_refault",
    "workingset_activate",
    "workingset_nodereclaim",
    "pgrefill",
    "pgscan",
  ],
  ...["pgsteal", "pgactivate", "pgdeactivate", "pglazyfree", "pglazyfreed", "thp_fault_alloc", "thp_collapse_alloc"],
];

export type Group = Readonly<Record<string, Count>>;

/** The shape of `io.containerd.cgroups.v2.Metrics`, JSON names as in its .proto; "max" is 2^64 - 1. */
export interface V2Metrics {
  readonly pids: { readonly current: Count; readonly limit: Count };
  readonly cpu: Group;
  readonly memory: Group;
  readonly io: { readonly usage: readonly IoEntry[] };
  readonly hugetlb: readonly { current: Count; max: Count; failcnt: Count; pagesize: string }[];
  readonly memory_events: Group;
}

interface IoEntry {
  readonly major: number;
  readonly minor: number;
  readonly rbytes: Count;
  readonly wbytes: Count;
  readonly rios: Count;
  readonly wios: Count;
}

export function readV2Metrics(directory: string): V2Metrics {
  const cpu = readFlatKeyed(join(directory, "cpu.stat"));
  const stat = readFlatKeyed(join(directory, "memory.stat"));
  const events = readFlatKeyed(join(directory, "memory.events"));
  const group = (names: readonly string[], values: ReadonlyMap<string, Count>): Group =>
    Object.fromEntries(names.map((name) => [name, values.get(name) ?? 0]));
  const number = (name: string, missing: Count = 0): Count => readCount(join(directory, name)) ?? missing;
  return {
    pids: { current: number("pids.current"), limit: number("pids.max", UNLIMITED) },
    cpu: group(CPU_FIELDS, cpu),
    memory: {
      ...group(MEMORY_FIELDS, stat),
      usage: number("memory.current"),
      usage_limit: number("memory.max", UNLIMITED),
      swap_usage: number("memory.swap.current"),
      swap_limit: number("memory.swap.max", UNLIMITED),
      max_usage: number("memory.peak"),
      swap_max_usage: number("memory.swap.peak"),
    },
    io: { usage: ioEntries(join(directory, "io.stat")) },
    hugetlb: hugetlbEntries(directory),
    memory_events: group(["low", "high", "max", "oom", "oom_kill", "oom_group_kill"], events),
  };
}

/** "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0" lines. */
function ioEntries(path: string): IoEntry[] {
  const entries: IoEntry[] = [];
  for (const line of (readText(path) ?? "").split("\n")) {
    const [, major, minor, rest] = /^(\d+):(\d+) (.*)$/.exec(line) ?? [];
    if (rest === undefined) continue;
    const value = (name: string): Count => count(new RegExp(`(?:^| )${name}=(\\d+)`).exec(rest)?.[1] ?? "0");
    entries.push({
      major: Number(major),
      minor: Number(minor),
      rbytes: value("rbytes"),
      wbytes: value("wbytes"),
      rios: value("rios"),
      wios: value("wios"),
    });
  }
  return entries;
}

function hugetlbEntries(directory: string): V2Metrics["hugetlb"] {
  const entries: V2Metrics["hugetlb"][number][] = [];
  for (const file of readdirSync(directory)) {
    const [, pagesize] = /^hugetlb\.([^.]+)\.current$/.exec(file) ?? [];
    if (pagesize === undefined) continue;
    entries.push({
      current: readCount(join(directory, file)) ?? 0,
      max: readCount(join(directory, `hugetlb.${pagesize}.max`)) ?? UNLIMITED,
      failcnt: readFlatKeyed(join(directory, `hugetlb.${pagesize}.events`)).get("max") ?? 0,
      pagesize,
    });
  }
  return entries;
}

/**
 * v2 numbers in the v1 shape, for hosts that know only that one. A v1 "swap" counts
 * memory + swap; kernel memory is what v2 tells of it (stacks and slab).
 */
export function convertToV1(metrics: V2Metrics): Record<string, unknown> {
  const { cpu, memory, pids } = metrics;
  const member = (name: string): Count => memory[name] ?? 0;
  const flat: Record<string, Count> = {
    cache: member("file"),
    rss: member("anon"),
    rss_huge: member("anon_thp"),
    mapped_file: member("file_mapped"),
    dirty: member("file_dirty"),
    writeback: member("file_writeback"),
    pg_fault: member("pgfault"),
    pg_maj_fault: member("pgmajfault"),
    inactive_anon: member("inactive_anon"),
    active_anon: member("active_anon"),
    inactive_file: member("inactive_file"),
    active_file: member("active_file"),
    unevictable: member("unevictable"),
  };
  const totals = Object.fromEntries(Object.entries(flat).map(([name, value]) => [`total_${name}`, value]));
  const memoryAndSwapLimit = sum(member("usage_limit"), member("swap_limit"));
  return defined({
    hugetlb: metrics.hugetlb.map((entry) => ({
      usage: entry.current,
      max: 0,
      failcnt: entry.failcnt,
      pagesize: entry.pagesize,
    })),
    pids: { current: pids.current, limit: pids.limit === UNLIMITED ? 0 : pids.limit },
    cpu: {
      usage: {
        total: multiply(cpu.usage_usec, 1000),
        kernel: multiply(cpu.system_usec, 1000),
        user: multiply(cpu.user_usec, 1000),
        per_cpu: [],
      },
      throttling: {
        periods: cpu.nr_periods ?? 0,
        throttled_periods: cpu.nr_throttled ?? 0,
        throttled_time: multiply(cpu.throttled_usec, 1000),
      },
    },
    memory: {
      ...flat,
      ...totals,
      hierarchical_memory_limit: member("usage_limit"),
      hierarchical_swap_limit: memoryAndSwapLimit,
      usage: {
        limit: member("usage_limit"),
        usage: member("usage"),
        max: member("max_usage"),
        failcnt: metrics.memory_events.max ?? 0,
      },
      swap: { limit: memoryAndSwapLimit, usage: sum(member("usage"), member("swap_usage")), max: 0, failcnt: 0 },
      kernel: { limit: 0, usage: sum(member("kernel_stack"), member("slab")), max: 0, failcnt: 0 },
    },
    blkio: {
      io_service_bytes_recursive: metrics.io.usage.flatMap((io) => blkioEntries(io, io.rbytes, io.wbytes)),
      io_serviced_recursive: metrics.io.usage.flatMap((io) => blkioEntries(io, io.rios, io.wios)),
    },
    memory_oom_control: { oom_kill_disable: 0, under_oom: 0, oom_kill: metrics.memory_events.oom_kill ?? 0 },
  });
}

function blkioEntries(io: IoEntry, read: Count, write: Count): Record<string, unknown>[] {
  const device = deviceName(String(io.major), String(io.minor));
  const entry = (op: string, value: Count) => ({ op, device, major: io.major, minor: io.minor, value });
  return [entry("Read", read), entry("Write", write), entry("Total", sum(read, write))];
}

/** Stops at 2^64 - 1, so that unlimited stays unlimited. */
function sum(a: Count, b: Count): Count {
  const total = BigInt(a) + BigInt(b);
  return total > BigInt(UNLIMITED) ? UNLIMITED : count(String(total));
}
