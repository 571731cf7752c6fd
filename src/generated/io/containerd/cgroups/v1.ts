// Generated from proto/ (package io.containerd.cgroups.v1) by scripts/generate-proto. Do not edit.

import { type MessageType, endOf, finish, messageType, readPacked, readString, readUint64, writeInt64 } from "../../../wire.ts";

export interface Metrics {
  hugetlb: HugetlbStat[];
  pids?: PidsStat | undefined;
  cpu?: CPUStat | undefined;
  memory?: MemoryStat | undefined;
  blkio?: BlkIOStat | undefined;
  rdma?: RdmaStat | undefined;
  network: NetworkStat[];
  cgroupStats?: CgroupStats | undefined;
  memoryOomControl?: MemoryOomControl | undefined;
}
export const Metrics: MessageType<Metrics> = messageType<Metrics>(
  "io.containerd.cgroups.v1.Metrics",
  () => ({ hugetlb: [], pids: undefined, cpu: undefined, memory: undefined, blkio: undefined, rdma: undefined, network: [], cgroupStats: undefined, memoryOomControl: undefined }),
  (m, w) => {
    for (const value of m.hugetlb) {
      w.uint32(10).fork();
      HugetlbStat.write(value, w);
      w.ldelim();
    }
    if (m.pids !== undefined) {
      w.uint32(18).fork();
      PidsStat.write(m.pids, w);
      w.ldelim();
    }
    if (m.cpu !== undefined) {
      w.uint32(26).fork();
      CPUStat.write(m.cpu, w);
      w.ldelim();
    }
    if (m.memory !== undefined) {
      w.uint32(34).fork();
      MemoryStat.write(m.memory, w);
      w.ldelim();
    }
    if (m.blkio !== undefined) {
      w.uint32(42).fork();
      BlkIOStat.write(m.blkio, w);
      w.ldelim();
    }
    if (m.rdma !== undefined) {
      w.uint32(50).fork();
      RdmaStat.write(m.rdma, w);
      w.ldelim();
    }
    for (const value of m.network) {
      w.uint32(58).fork();
      NetworkStat.write(value, w);
      w.ldelim();
    }
    if (m.cgroupStats !== undefined) {
      w.uint32(66).fork();
      CgroupStats.write(m.cgroupStats, w);
      w.ldelim();
    }
    if (m.memoryOomControl !== undefined) {
      w.uint32(74).fork();
      MemoryOomControl.write(m.memoryOomControl, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.hugetlb.push(HugetlbStat.read(r, endOf(r, end), HugetlbStat.create()));
          break;
        case 18:
          m.pids = PidsStat.read(r, endOf(r, end), m.pids ?? PidsStat.create());
          break;
        case 26:
          m.cpu = CPUStat.read(r, endOf(r, end), m.cpu ?? CPUStat.create());
          break;
        case 34:
          m.memory = MemoryStat.read(r, endOf(r, end), m.memory ?? MemoryStat.create());
          break;
        case 42:
          m.blkio = BlkIOStat.read(r, endOf(r, end), m.blkio ?? BlkIOStat.create());
          break;
        case 50:
          m.rdma = RdmaStat.read(r, endOf(r, end), m.rdma ?? RdmaStat.create());
          break;
        case 58:
          m.network.push(NetworkStat.read(r, endOf(r, end), NetworkStat.create()));
          break;
        case 66:
          m.cgroupStats = CgroupStats.read(r, endOf(r, end), m.cgroupStats ?? CgroupStats.create());
          break;
        case 74:
          m.memoryOomControl = MemoryOomControl.read(r, endOf(r, end), m.memoryOomControl ?? MemoryOomControl.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface HugetlbStat {
  usage: bigint;
  max: bigint;
  failcnt: bigint;
  pagesize: string;
}
export const HugetlbStat: MessageType<HugetlbStat> = messageType<HugetlbStat>(
  "io.containerd.cgroups.v1.HugetlbStat",
  () => ({ usage: 0n, max: 0n, failcnt: 0n, pagesize: "" }),
  (m, w) => {
    if (m.usage !== 0n) writeInt64(w.uint32(8), m.usage);
    if (m.max !== 0n) writeInt64(w.uint32(16), m.max);
    if (m.failcnt !== 0n) writeInt64(w.uint32(24), m.failcnt);
    if (m.pagesize !== "") w.uint32(34).string(m.pagesize);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.usage = readUint64(r);
          break;
        case 16:
          m.max = readUint64(r);
          break;
        case 24:
          m.failcnt = readUint64(r);
          break;
        case 34:
          m.pagesize = readString(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PidsStat {
  current: bigint;
  limit: bigint;
}
export const PidsStat: MessageType<PidsStat> = messageType<PidsStat>(
  "io.containerd.cgroups.v1.PidsStat",
  () => ({ current: 0n, limit: 0n }),
  (m, w) => {
    if (m.current !== 0n) writeInt64(w.uint32(8), m.current);
    if (m.limit !== 0n) writeInt64(w.uint32(16), m.limit);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.current = readUint64(r);
          break;
        case 16:
          m.limit = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface CPUStat {
  usage?: CPUUsage | undefined;
  throttling?: Throttle | undefined;
}
export const CPUStat: MessageType<CPUStat> = messageType<CPUStat>(
  "io.containerd.cgroups.v1.CPUStat",
  () => ({ usage: undefined, throttling: undefined }),
  (m, w) => {
    if (m.usage !== undefined) {
      w.uint32(10).fork();
      CPUUsage.write(m.usage, w);
      w.ldelim();
    }
    if (m.throttling !== undefined) {
      w.uint32(18).fork();
      Throttle.write(m.throttling, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.usage = CPUUsage.read(r, endOf(r, end), m.usage ?? CPUUsage.create());
          break;
        case 18:
          m.throttling = Throttle.read(r, endOf(r, end), m.throttling ?? Throttle.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface CPUUsage {
  total: bigint;
  kernel: bigint;
  user: bigint;
  perCpu: bigint[];
}
export const CPUUsage: MessageType<CPUUsage> = messageType<CPUUsage>(
  "io.containerd.cgroups.v1.CPUUsage",
  () => ({ total: 0n, kernel: 0n, user: 0n, perCpu: [] }),
  (m, w) => {
    if (m.total !== 0n) writeInt64(w.uint32(8), m.total);
    if (m.kernel !== 0n) writeInt64(w.uint32(16), m.kernel);
    if (m.user !== 0n) writeInt64(w.uint32(24), m.user);
    if (m.perCpu.length > 0) {
      w.uint32(34).fork();
      for (const value of m.perCpu) writeInt64(w, value);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.total = readUint64(r);
          break;
        case 16:
          m.kernel = readUint64(r);
          break;
        case 24:
          m.user = readUint64(r);
          break;
        case 32:
          m.perCpu.push(readUint64(r));
          break;
        case 34:
          readPacked(r, end, () => m.perCpu.push(readUint64(r)));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface Throttle {
  periods: bigint;
  throttledPeriods: bigint;
  throttledTime: bigint;
}
export const Throttle: MessageType<Throttle> = messageType<Throttle>(
  "io.containerd.cgroups.v1.Throttle",
  () => ({ periods: 0n, throttledPeriods: 0n, throttledTime: 0n }),
  (m, w) => {
    if (m.periods !== 0n) writeInt64(w.uint32(8), m.periods);
    if (m.throttledPeriods !== 0n) writeInt64(w.uint32(16), m.throttledPeriods);
    if (m.throttledTime !== 0n) writeInt64(w.uint32(24), m.throttledTime);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.periods = readUint64(r);
          break;
        case 16:
          m.throttledPeriods = readUint64(r);
          break;
        case 24:
          m.throttledTime = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface MemoryStat {
  cache: bigint;
  rss: bigint;
  rssHuge: bigint;
  mappedFile: bigint;
  dirty: bigint;
  writeback: bigint;
  pgPgIn: bigint;
  pgPgOut: bigint;
  pgFault: bigint;
  pgMajFault: bigint;
  inactiveAnon: bigint;
  activeAnon: bigint;
  inactiveFile: bigint;
  activeFile: bigint;
  unevictable: bigint;
  hierarchicalMemoryLimit: bigint;
  hierarchicalSwapLimit: bigint;
  totalCache: bigint;
  totalRss: bigint;
  totalRssHuge: bigint;
  totalMappedFile: bigint;
  totalDirty: bigint;
  totalWriteback: bigint;
  totalPgPgIn: bigint;
  totalPgPgOut: bigint;
  totalPgFault: bigint;
  totalPgMajFault: bigint;
  totalInactiveAnon: bigint;
  totalActiveAnon: bigint;
  totalInactiveFile: bigint;
  totalActiveFile: bigint;
  totalUnevictable: bigint;
  usage?: MemoryEntry | undefined;
  swap?: MemoryEntry | undefined;
  kernel?: MemoryEntry | undefined;
  kernelTcp?: MemoryEntry | undefined;
}
export const MemoryStat: MessageType<MemoryStat> = messageType<MemoryStat>(
  "io.containerd.cgroups.v1.MemoryStat",
  () => ({ cache: 0n, rss: 0n, rssHuge: 0n, mappedFile: 0n, dirty: 0n, writeback: 0n, pgPgIn: 0n, pgPgOut: 0n, pgFault: 0n, pgMajFault: 0n, inactiveAnon: 0n, activeAnon: 0n, inactiveFile: 0n, activeFile: 0n, unevictable: 0n, hierarchicalMemoryLimit: 0n, hierarchicalSwapLimit: 0n, totalCache: 0n, totalRss: 0n, totalRssHuge: 0n, totalMappedFile: 0n, totalDirty: 0n, totalWriteback: 0n, totalPgPgIn: 0n, totalPgPgOut: 0n, totalPgFault: 0n, totalPgMajFault: 0n, totalInactiveAnon: 0n, totalActiveAnon: 0n, totalInactiveFile: 0n, totalActiveFile: 0n, totalUnevictable: 0n, usage: undefined, swap: undefined, kernel: undefined, kernelTcp: undefined }),
  (m, w) => {
    if (m.cache !== 0n) writeInt64(w.uint32(8), m.cache);
    if (m.rss !== 0n) writeInt64(w.uint32(16), m.rss);
    if (m.rssHuge !== 0n) writeInt64(w.uint32(24), m.rssHuge);
    if (m.mappedFile !== 0n) writeInt64(w.uint32(32), m.mappedFile);
    if (m.dirty !== 0n) writeInt64(w.uint32(40), m.dirty);
    if (m.writeback !== 0n) writeInt64(w.uint32(48), m.writeback);
    if (m.pgPgIn !== 0n) writeInt64(w.uint32(56), m.pgPgIn);
    if (m.pgPgOut !== 0n) writeInt64(w.uint32(64), m.pgPgOut);
    if (m.pgFault !== 0n) writeInt64(w.uint32(72), m.pgFault);
    if (m.pgMajFault !== 0n) writeInt64(w.uint32(80), m.pgMajFault);
    if (m.inactiveAnon !== 0n) writeInt64(w.uint32(88), m.inactiveAnon);
    if (m.activeAnon !== 0n) writeInt64(w.uint32(96), m.activeAnon);
    if (m.inactiveFile !== 0n) writeInt64(w.uint32(104), m.inactiveFile);
    if (m.activeFile !== 0n) writeInt64(w.uint32(112), m.activeFile);
    if (m.unevictable !== 0n) writeInt64(w.uint32(120), m.unevictable);
    if (m.hierarchicalMemoryLimit !== 0n) writeInt64(w.uint32(128), m.hierarchicalMemoryLimit);
    if (m.hierarchicalSwapLimit !== 0n) writeInt64(w.uint32(136), m.hierarchicalSwapLimit);
    if (m.totalCache !== 0n) writeInt64(w.uint32(144), m.totalCache);
    if (m.totalRss !== 0n) writeInt64(w.uint32(152), m.totalRss);
    if (m.totalRssHuge !== 0n) writeInt64(w.uint32(160), m.totalRssHuge);
    if (m.totalMappedFile !== 0n) writeInt64(w.uint32(168), m.totalMappedFile);
    if (m.totalDirty !== 0n) writeInt64(w.uint32(176), m.totalDirty);
    if (m.totalWriteback !== 0n) writeInt64(w.uint32(184), m.totalWriteback);
    if (m.totalPgPgIn !== 0n) writeInt64(w.uint32(192), m.totalPgPgIn);
    if (m.totalPgPgOut !== 0n) writeInt64(w.uint32(200), m.totalPgPgOut);
    if (m.totalPgFault !== 0n) writeInt64(w.uint32(208), m.totalPgFault);
    if (m.totalPgMajFault !== 0n) writeInt64(w.uint32(216), m.totalPgMajFault);
    if (m.totalInactiveAnon !== 0n) writeInt64(w.uint32(224), m.totalInactiveAnon);
    if (m.totalActiveAnon !== 0n) writeInt64(w.uint32(232), m.totalActiveAnon);
    if (m.totalInactiveFile !== 0n) writeInt64(w.uint32(240), m.totalInactiveFile);
    if (m.totalActiveFile !== 0n) writeInt64(w.uint32(248), m.totalActiveFile);
    if (m.totalUnevictable !== 0n) writeInt64(w.uint32(256), m.totalUnevictable);
    if (m.usage !== undefined) {
      w.uint32(266).fork();
      MemoryEntry.write(m.usage, w);
      w.ldelim();
    }
    if (m.swap !== undefined) {
      w.uint32(274).fork();
      MemoryEntry.write(m.swap, w);
      w.ldelim();
    }
    if (m.kernel !== undefined) {
      w.uint32(282).fork();
      MemoryEntry.write(m.kernel, w);
      w.ldelim();
    }
    if (m.kernelTcp !== undefined) {
      w.uint32(290).fork();
      MemoryEntry.write(m.kernelTcp, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.cache = readUint64(r);
          break;
        case 16:
          m.rss = readUint64(r);
          break;
        case 24:
          m.rssHuge = readUint64(r);
          break;
        case 32:
          m.mappedFile = readUint64(r);
          break;
        case 40:
          m.dirty = readUint64(r);
          break;
        case 48:
          m.writeback = readUint64(r);
          break;
        case 56:
          m.pgPgIn = readUint64(r);
          break;
        case 64:
          m.pgPgOut = readUint64(r);
          break;
        case 72:
          m.pgFault = readUint64(r);
          break;
        case 80:
          m.pgMajFault = readUint64(r);
          break;
        case 88:
          m.inactiveAnon = readUint64(r);
          break;
        case 96:
          m.activeAnon = readUint64(r);
          break;
        case 104:
          m.inactiveFile = readUint64(r);
          break;
        case 112:
          m.activeFile = readUint64(r);
          break;
        case 120:
          m.unevictable = readUint64(r);
          break;
        case 128:
          m.hierarchicalMemoryLimit = readUint64(r);
          break;
        case 136:
          m.hierarchicalSwapLimit = readUint64(r);
          break;
        case 144:
          m.totalCache = readUint64(r);
          break;
        case 152:
          m.totalRss = readUint64(r);
          break;
        case 160:
          m.totalRssHuge = readUint64(r);
          break;
        case 168:
          m.totalMappedFile = readUint64(r);
          break;
        case 176:
          m.totalDirty = readUint64(r);
          break;
        case 184:
          m.totalWriteback = readUint64(r);
          break;
        case 192:
          m.totalPgPgIn = readUint64(r);
          break;
        case 200:
          m.totalPgPgOut = readUint64(r);
          break;
        case 208:
          m.totalPgFault = readUint64(r);
          break;
        case 216:
          m.totalPgMajFault = readUint64(r);
          break;
        case 224:
          m.totalInactiveAnon = readUint64(r);
          break;
        case 232:
          m.totalActiveAnon = readUint64(r);
          break;
        case 240:
          m.totalInactiveFile = readUint64(r);
          break;
        case 248:
          m.totalActiveFile = readUint64(r);
          break;
        case 256:
          m.totalUnevictable = readUint64(r);
          break;
        case 266:
          m.usage = MemoryEntry.read(r, endOf(r, end), m.usage ?? MemoryEntry.create());
          break;
        case 274:
          m.swap = MemoryEntry.read(r, endOf(r, end), m.swap ?? MemoryEntry.create());
          break;
        case 282:
          m.kernel = MemoryEntry.read(r, endOf(r, end), m.kernel ?? MemoryEntry.create());
          break;
        case 290:
          m.kernelTcp = MemoryEntry.read(r, endOf(r, end), m.kernelTcp ?? MemoryEntry.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface MemoryEntry {
  limit: bigint;
  usage: bigint;
  max: bigint;
  failcnt: bigint;
}
export const MemoryEntry: MessageType<MemoryEntry> = messageType<MemoryEntry>(
  "io.containerd.cgroups.v1.MemoryEntry",
  () => ({ limit: 0n, usage: 0n, max: 0n, failcnt: 0n }),
  (m, w) => {
    if (m.limit !== 0n) writeInt64(w.uint32(8), m.limit);
    if (m.usage !== 0n) writeInt64(w.uint32(16), m.usage);
    if (m.max !== 0n) writeInt64(w.uint32(24), m.max);
    if (m.failcnt !== 0n) writeInt64(w.uint32(32), m.failcnt);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.limit = readUint64(r);
          break;
        case 16:
          m.usage = readUint64(r);
          break;
        case 24:
          m.max = readUint64(r);
          break;
        case 32:
          m.failcnt = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface MemoryOomControl {
  oomKillDisable: bigint;
  underOom: bigint;
  oomKill: bigint;
}
export const MemoryOomControl: MessageType<MemoryOomControl> = messageType<MemoryOomControl>(
  "io.containerd.cgroups.v1.MemoryOomControl",
  () => ({ oomKillDisable: 0n, underOom: 0n, oomKill: 0n }),
  (m, w) => {
    if (m.oomKillDisable !== 0n) writeInt64(w.uint32(8), m.oomKillDisable);
    if (m.underOom !== 0n) writeInt64(w.uint32(16), m.underOom);
    if (m.oomKill !== 0n) writeInt64(w.uint32(24), m.oomKill);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.oomKillDisable = readUint64(r);
          break;
        case 16:
          m.underOom = readUint64(r);
          break;
        case 24:
          m.oomKill = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface BlkIOStat {
  ioServiceBytesRecursive: BlkIOEntry[];
  ioServicedRecursive: BlkIOEntry[];
  ioQueuedRecursive: BlkIOEntry[];
  ioServiceTimeRecursive: BlkIOEntry[];
  ioWaitTimeRecursive: BlkIOEntry[];
  ioMergedRecursive: BlkIOEntry[];
  ioTimeRecursive: BlkIOEntry[];
  sectorsRecursive: BlkIOEntry[];
}
export const BlkIOStat: MessageType<BlkIOStat> = messageType<BlkIOStat>(
  "io.containerd.cgroups.v1.BlkIOStat",
  () => ({ ioServiceBytesRecursive: [], ioServicedRecursive: [], ioQueuedRecursive: [], ioServiceTimeRecursive: [], ioWaitTimeRecursive: [], ioMergedRecursive: [], ioTimeRecursive: [], sectorsRecursive: [] }),
  (m, w) => {
    for (const value of m.ioServiceBytesRecursive) {
      w.uint32(10).fork();
      BlkIOEntry.write(value, w);
      w.ldelim();
    }
    for (const value of m.ioServicedRecursive) {
      w.uint32(18).fork();
      BlkIOEntry.write(value, w);
      w.ldelim();
    }
    for (const value of m.ioQueuedRecursive) {
      w.uint32(26).fork();
      BlkIOEntry.write(value, w);
      w.ldelim();
    }
    for (const value of m.ioServiceTimeRecursive) {
      w.uint32(34).fork();
      BlkIOEntry.write(value, w);
      w.ldelim();
    }
    for (const value of m.ioWaitTimeRecursive) {
      w.uint32(42).fork();
      BlkIOEntry.write(value, w);
      w.ldelim();
    }
    for (const value of m.ioMergedRecursive) {
      w.uint32(50).fork();
      BlkIOEntry.write(value, w);
      w.ldelim();
    }
    for (const value of m.ioTimeRecursive) {
      w.uint32(58).fork();
      BlkIOEntry.write(value, w);
      w.ldelim();
    }
    for (const value of m.sectorsRecursive) {
      w.uint32(66).fork();
      BlkIOEntry.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.ioServiceBytesRecursive.push(BlkIOEntry.read(r, endOf(r, end), BlkIOEntry.create()));
          break;
        case 18:
          m.ioServicedRecursive.push(BlkIOEntry.read(r, endOf(r, end), BlkIOEntry.create()));
          break;
        case 26:
          m.ioQueuedRecursive.push(BlkIOEntry.read(r, endOf(r, end), BlkIOEntry.create()));
          break;
        case 34:
          m.ioServiceTimeRecursive.push(BlkIOEntry.read(r, endOf(r, end), BlkIOEntry.create()));
          break;
        case 42:
          m.ioWaitTimeRecursive.push(BlkIOEntry.read(r, endOf(r, end), BlkIOEntry.create()));
          break;
        case 50:
          m.ioMergedRecursive.push(BlkIOEntry.read(r, endOf(r, end), BlkIOEntry.create()));
          break;
        case 58:
          m.ioTimeRecursive.push(BlkIOEntry.read(r, endOf(r, end), BlkIOEntry.create()));
          break;
        case 66:
          m.sectorsRecursive.push(BlkIOEntry.read(r, endOf(r, end), BlkIOEntry.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface BlkIOEntry {
  op: string;
  device: string;
  major: bigint;
  minor: bigint;
  value: bigint;
}
export const BlkIOEntry: MessageType<BlkIOEntry> = messageType<BlkIOEntry>(
  "io.containerd.cgroups.v1.BlkIOEntry",
  () => ({ op: "", device: "", major: 0n, minor: 0n, value: 0n }),
  (m, w) => {
    if (m.op !== "") w.uint32(10).string(m.op);
    if (m.device !== "") w.uint32(18).string(m.device);
    if (m.major !== 0n) writeInt64(w.uint32(24), m.major);
    if (m.minor !== 0n) writeInt64(w.uint32(32), m.minor);
    if (m.value !== 0n) writeInt64(w.uint32(40), m.value);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.op = readString(r);
          break;
        case 18:
          m.device = readString(r);
          break;
        case 24:
          m.major = readUint64(r);
          break;
        case 32:
          m.minor = readUint64(r);
          break;
        case 40:
          m.value = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface RdmaStat {
  current: RdmaEntry[];
  limit: RdmaEntry[];
}
export const RdmaStat: MessageType<RdmaStat> = messageType<RdmaStat>(
  "io.containerd.cgroups.v1.RdmaStat",
  () => ({ current: [], limit: [] }),
  (m, w) => {
    for (const value of m.current) {
      w.uint32(10).fork();
      RdmaEntry.write(value, w);
      w.ldelim();
    }
    for (const value of m.limit) {
      w.uint32(18).fork();
      RdmaEntry.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.current.push(RdmaEntry.read(r, endOf(r, end), RdmaEntry.create()));
          break;
        case 18:
          m.limit.push(RdmaEntry.read(r, endOf(r, end), RdmaEntry.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface RdmaEntry {
  device: string;
  hcaHandles: number;
  hcaObjects: number;
}
export const RdmaEntry: MessageType<RdmaEntry> = messageType<RdmaEntry>(
  "io.containerd.cgroups.v1.RdmaEntry",
  () => ({ device: "", hcaHandles: 0, hcaObjects: 0 }),
  (m, w) => {
    if (m.device !== "") w.uint32(10).string(m.device);
    if (m.hcaHandles !== 0) w.uint32(16).uint32(m.hcaHandles);
    if (m.hcaObjects !== 0) w.uint32(24).uint32(m.hcaObjects);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.device = readString(r);
          break;
        case 16:
          m.hcaHandles = r.uint32();
          break;
        case 24:
          m.hcaObjects = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface NetworkStat {
  name: string;
  rxBytes: bigint;
  rxPackets: bigint;
  rxErrors: bigint;
  rxDropped: bigint;
  txBytes: bigint;
  txPackets: bigint;
  txErrors: bigint;
  txDropped: bigint;
}
export const NetworkStat: MessageType<NetworkStat> = messageType<NetworkStat>(
  "io.containerd.cgroups.v1.NetworkStat",
  () => ({ name: "", rxBytes: 0n, rxPackets: 0n, rxErrors: 0n, rxDropped: 0n, txBytes: 0n, txPackets: 0n, txErrors: 0n, txDropped: 0n }),
  (m, w) => {
    if (m.name !== "") w.uint32(10).string(m.name);
    if (m.rxBytes !== 0n) writeInt64(w.uint32(16), m.rxBytes);
    if (m.rxPackets !== 0n) writeInt64(w.uint32(24), m.rxPackets);
    if (m.rxErrors !== 0n) writeInt64(w.uint32(32), m.rxErrors);
    if (m.rxDropped !== 0n) writeInt64(w.uint32(40), m.rxDropped);
    if (m.txBytes !== 0n) writeInt64(w.uint32(48), m.txBytes);
    if (m.txPackets !== 0n) writeInt64(w.uint32(56), m.txPackets);
    if (m.txErrors !== 0n) writeInt64(w.uint32(64), m.txErrors);
    if (m.txDropped !== 0n) writeInt64(w.uint32(72), m.txDropped);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.name = readString(r);
          break;
        case 16:
          m.rxBytes = readUint64(r);
          break;
        case 24:
          m.rxPackets = readUint64(r);
          break;
        case 32:
          m.rxErrors = readUint64(r);
          break;
        case 40:
          m.rxDropped = readUint64(r);
          break;
        case 48:
          m.txBytes = readUint64(r);
          break;
        case 56:
          m.txPackets = readUint64(r);
          break;
        case 64:
          m.txErrors = readUint64(r);
          break;
        case 72:
          m.txDropped = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface CgroupStats {
  nrSleeping: bigint;
  nrRunning: bigint;
  nrStopped: bigint;
  nrUninterruptible: bigint;
  nrIoWait: bigint;
}
export const CgroupStats: MessageType<CgroupStats> = messageType<CgroupStats>(
  "io.containerd.cgroups.v1.CgroupStats",
  () => ({ nrSleeping: 0n, nrRunning: 0n, nrStopped: 0n, nrUninterruptible: 0n, nrIoWait: 0n }),
  (m, w) => {
    if (m.nrSleeping !== 0n) writeInt64(w.uint32(8), m.nrSleeping);
    if (m.nrRunning !== 0n) writeInt64(w.uint32(16), m.nrRunning);
    if (m.nrStopped !== 0n) writeInt64(w.uint32(24), m.nrStopped);
    if (m.nrUninterruptible !== 0n) writeInt64(w.uint32(32), m.nrUninterruptible);
    if (m.nrIoWait !== 0n) writeInt64(w.uint32(40), m.nrIoWait);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.nrSleeping = readUint64(r);
          break;
        case 16:
          m.nrRunning = readUint64(r);
          break;
        case 24:
          m.nrStopped = readUint64(r);
          break;
        case 32:
          m.nrUninterruptible = readUint64(r);
          break;
        case 40:
          m.nrIoWait = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);
