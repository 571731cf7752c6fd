// Generated from proto/ (package io.containerd.cgroups.v2) by scripts/generate-proto. Do not edit.

import { type MessageType, endOf, finish, messageType, readString, readUint64, writeInt64 } from "../../../wire.ts";

export interface Metrics {
  pids?: PidsStat | undefined;
  cpu?: CPUStat | undefined;
  memory?: MemoryStat | undefined;
  rdma?: RdmaStat | undefined;
  io?: IOStat | undefined;
  hugetlb: HugeTlbStat[];
  memoryEvents?: MemoryEvents | undefined;
  network: NetworkStat[];
}
export const Metrics: MessageType<Metrics> = messageType<Metrics>(
  "io.containerd.cgroups.v2.Metrics",
  () => ({ pids: undefined, cpu: undefined, memory: undefined, rdma: undefined, io: undefined, hugetlb: [], memoryEvents: undefined, network: [] }),
  (m, w) => {
    if (m.pids !== undefined) {
      w.uint32(10).fork();
      PidsStat.write(m.pids, w);
      w.ldelim();
    }
    if (m.cpu !== undefined) {
      w.uint32(18).fork();
      CPUStat.write(m.cpu, w);
      w.ldelim();
    }
    if (m.memory !== undefined) {
      w.uint32(34).fork();
      MemoryStat.write(m.memory, w);
      w.ldelim();
    }
    if (m.rdma !== undefined) {
      w.uint32(42).fork();
      RdmaStat.write(m.rdma, w);
      w.ldelim();
    }
    if (m.io !== undefined) {
      w.uint32(50).fork();
      IOStat.write(m.io, w);
      w.ldelim();
    }
    for (const value of m.hugetlb) {
      w.uint32(58).fork();
      HugeTlbStat.write(value, w);
      w.ldelim();
    }
    if (m.memoryEvents !== undefined) {
      w.uint32(66).fork();
      MemoryEvents.write(m.memoryEvents, w);
      w.ldelim();
    }
    for (const value of m.network) {
      w.uint32(74).fork();
      NetworkStat.write(value, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.pids = PidsStat.read(r, endOf(r, end), m.pids ?? PidsStat.create());
          break;
        case 18:
          m.cpu = CPUStat.read(r, endOf(r, end), m.cpu ?? CPUStat.create());
          break;
        case 34:
          m.memory = MemoryStat.read(r, endOf(r, end), m.memory ?? MemoryStat.create());
          break;
        case 42:
          m.rdma = RdmaStat.read(r, endOf(r, end), m.rdma ?? RdmaStat.create());
          break;
        case 50:
          m.io = IOStat.read(r, endOf(r, end), m.io ?? IOStat.create());
          break;
        case 58:
          m.hugetlb.push(HugeTlbStat.read(r, endOf(r, end), HugeTlbStat.create()));
          break;
        case 66:
          m.memoryEvents = MemoryEvents.read(r, endOf(r, end), m.memoryEvents ?? MemoryEvents.create());
          break;
        case 74:
          m.network.push(NetworkStat.read(r, endOf(r, end), NetworkStat.create()));
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PSIData {
  avg10: number;
  avg60: number;
  avg300: number;
  total: bigint;
}
export const PSIData: MessageType<PSIData> = messageType<PSIData>(
  "io.containerd.cgroups.v2.PSIData",
  () => ({ avg10: 0, avg60: 0, avg300: 0, total: 0n }),
  (m, w) => {
    if (m.avg10 !== 0) w.uint32(9).double(m.avg10);
    if (m.avg60 !== 0) w.uint32(17).double(m.avg60);
    if (m.avg300 !== 0) w.uint32(25).double(m.avg300);
    if (m.total !== 0n) writeInt64(w.uint32(32), m.total);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 9:
          m.avg10 = r.double();
          break;
        case 17:
          m.avg60 = r.double();
          break;
        case 25:
          m.avg300 = r.double();
          break;
        case 32:
          m.total = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface PSIStats {
  some?: PSIData | undefined;
  full?: PSIData | undefined;
}
export const PSIStats: MessageType<PSIStats> = messageType<PSIStats>(
  "io.containerd.cgroups.v2.PSIStats",
  () => ({ some: undefined, full: undefined }),
  (m, w) => {
    if (m.some !== undefined) {
      w.uint32(10).fork();
      PSIData.write(m.some, w);
      w.ldelim();
    }
    if (m.full !== undefined) {
      w.uint32(18).fork();
      PSIData.write(m.full, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.some = PSIData.read(r, endOf(r, end), m.some ?? PSIData.create());
          break;
        case 18:
          m.full = PSIData.read(r, endOf(r, end), m.full ?? PSIData.create());
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
  "io.containerd.cgroups.v2.PidsStat",
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
  usageUsec: bigint;
  userUsec: bigint;
  systemUsec: bigint;
  nrPeriods: bigint;
  nrThrottled: bigint;
  throttledUsec: bigint;
  psi?: PSIStats | undefined;
  nrBursts: bigint;
  burstUsec: bigint;
}
export const CPUStat: MessageType<CPUStat> = messageType<CPUStat>(
  "io.containerd.cgroups.v2.CPUStat",
  () => ({ usageUsec: 0n, userUsec: 0n, systemUsec: 0n, nrPeriods: 0n, nrThrottled: 0n, throttledUsec: 0n, psi: undefined, nrBursts: 0n, burstUsec: 0n }),
  (m, w) => {
    if (m.usageUsec !== 0n) writeInt64(w.uint32(8), m.usageUsec);
    if (m.userUsec !== 0n) writeInt64(w.uint32(16), m.userUsec);
    if (m.systemUsec !== 0n) writeInt64(w.uint32(24), m.systemUsec);
    if (m.nrPeriods !== 0n) writeInt64(w.uint32(32), m.nrPeriods);
    if (m.nrThrottled !== 0n) writeInt64(w.uint32(40), m.nrThrottled);
    if (m.throttledUsec !== 0n) writeInt64(w.uint32(48), m.throttledUsec);
    if (m.psi !== undefined) {
      w.uint32(58).fork();
      PSIStats.write(m.psi, w);
      w.ldelim();
    }
    if (m.nrBursts !== 0n) writeInt64(w.uint32(64), m.nrBursts);
    if (m.burstUsec !== 0n) writeInt64(w.uint32(72), m.burstUsec);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.usageUsec = readUint64(r);
          break;
        case 16:
          m.userUsec = readUint64(r);
          break;
        case 24:
          m.systemUsec = readUint64(r);
          break;
        case 32:
          m.nrPeriods = readUint64(r);
          break;
        case 40:
          m.nrThrottled = readUint64(r);
          break;
        case 48:
          m.throttledUsec = readUint64(r);
          break;
        case 58:
          m.psi = PSIStats.read(r, endOf(r, end), m.psi ?? PSIStats.create());
          break;
        case 64:
          m.nrBursts = readUint64(r);
          break;
        case 72:
          m.burstUsec = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface MemoryStat {
  anon: bigint;
  file: bigint;
  kernelStack: bigint;
  slab: bigint;
  sock: bigint;
  shmem: bigint;
  fileMapped: bigint;
  fileDirty: bigint;
  fileWriteback: bigint;
  anonThp: bigint;
  inactiveAnon: bigint;
  activeAnon: bigint;
  inactiveFile: bigint;
  activeFile: bigint;
  unevictable: bigint;
  slabReclaimable: bigint;
  slabUnreclaimable: bigint;
  pgfault: bigint;
  pgmajfault: bigint;
  workingsetRefault: bigint;
  workingsetActivate: bigint;
  workingsetNodereclaim: bigint;
  pgrefill: bigint;
  pgscan: bigint;
  pgsteal: bigint;
  pgactivate: bigint;
  pgdeactivate: bigint;
  pglazyfree: bigint;
  pglazyfreed: bigint;
  thpFaultAlloc: bigint;
  thpCollapseAlloc: bigint;
  usage: bigint;
  usageLimit: bigint;
  swapUsage: bigint;
  swapLimit: bigint;
  maxUsage: bigint;
  swapMaxUsage: bigint;
  psi?: PSIStats | undefined;
  workingsetRefaultAnon: bigint;
  workingsetRefaultFile: bigint;
  workingsetActivateAnon: bigint;
  workingsetActivateFile: bigint;
}
export const MemoryStat: MessageType<MemoryStat> = messageType<MemoryStat>(
  "io.containerd.cgroups.v2.MemoryStat",
  () => ({ anon: 0n, file: 0n, kernelStack: 0n, slab: 0n, sock: 0n, shmem: 0n, fileMapped: 0n, fileDirty: 0n, fileWriteback: 0n, anonThp: 0n, inactiveAnon: 0n, activeAnon: 0n, inactiveFile: 0n, activeFile: 0n, unevictable: 0n, slabReclaimable: 0n, slabUnreclaimable: 0n, pgfault: 0n, pgmajfault: 0n, workingsetRefault: 0n, workingsetActivate: 0n, workingsetNodereclaim: 0n, pgrefill: 0n, pgscan: 0n, pgsteal: 0n, pgactivate: 0n, pgdeactivate: 0n, pglazyfree: 0n, pglazyfreed: 0n, thpFaultAlloc: 0n, thpCollapseAlloc: 0n, usage: 0n, usageLimit: 0n, swapUsage: 0n, swapLimit: 0n, maxUsage: 0n, swapMaxUsage: 0n, psi: undefined, workingsetRefaultAnon: 0n, workingsetRefaultFile: 0n, workingsetActivateAnon: 0n, workingsetActivateFile: 0n }),
  (m, w) => {
    if (m.anon !== 0n) writeInt64(w.uint32(8), m.anon);
    if (m.file !== 0n) writeInt64(w.uint32(16), m.file);
    if (m.kernelStack !== 0n) writeInt64(w.uint32(24), m.kernelStack);
    if (m.slab !== 0n) writeInt64(w.uint32(32), m.slab);
    if (m.sock !== 0n) writeInt64(w.uint32(40), m.sock);
    if (m.shmem !== 0n) writeInt64(w.uint32(48), m.shmem);
    if (m.fileMapped !== 0n) writeInt64(w.uint32(56), m.fileMapped);
    if (m.fileDirty !== 0n) writeInt64(w.uint32(64), m.fileDirty);
    if (m.fileWriteback !== 0n) writeInt64(w.uint32(72), m.fileWriteback);
    if (m.anonThp !== 0n) writeInt64(w.uint32(80), m.anonThp);
    if (m.inactiveAnon !== 0n) writeInt64(w.uint32(88), m.inactiveAnon);
    if (m.activeAnon !== 0n) writeInt64(w.uint32(96), m.activeAnon);
    if (m.inactiveFile !== 0n) writeInt64(w.uint32(104), m.inactiveFile);
    if (m.activeFile !== 0n) writeInt64(w.uint32(112), m.activeFile);
    if (m.unevictable !== 0n) writeInt64(w.uint32(120), m.unevictable);
    if (m.slabReclaimable !== 0n) writeInt64(w.uint32(128), m.slabReclaimable);
    if (m.slabUnreclaimable !== 0n) writeInt64(w.uint32(136), m.slabUnreclaimable);
    if (m.pgfault !== 0n) writeInt64(w.uint32(144), m.pgfault);
    if (m.pgmajfault !== 0n) writeInt64(w.uint32(152), m.pgmajfault);
    if (m.workingsetRefault !== 0n) writeInt64(w.uint32(160), m.workingsetRefault);
    if (m.workingsetActivate !== 0n) writeInt64(w.uint32(168), m.workingsetActivate);
    if (m.workingsetNodereclaim !== 0n) writeInt64(w.uint32(176), m.workingsetNodereclaim);
    if (m.pgrefill !== 0n) writeInt64(w.uint32(184), m.pgrefill);
    if (m.pgscan !== 0n) writeInt64(w.uint32(192), m.pgscan);
    if (m.pgsteal !== 0n) writeInt64(w.uint32(200), m.pgsteal);
    if (m.pgactivate !== 0n) writeInt64(w.uint32(208), m.pgactivate);
    if (m.pgdeactivate !== 0n) writeInt64(w.uint32(216), m.pgdeactivate);
    if (m.pglazyfree !== 0n) writeInt64(w.uint32(224), m.pglazyfree);
    if (m.pglazyfreed !== 0n) writeInt64(w.uint32(232), m.pglazyfreed);
    if (m.thpFaultAlloc !== 0n) writeInt64(w.uint32(240), m.thpFaultAlloc);
    if (m.thpCollapseAlloc !== 0n) writeInt64(w.uint32(248), m.thpCollapseAlloc);
    if (m.usage !== 0n) writeInt64(w.uint32(256), m.usage);
    if (m.usageLimit !== 0n) writeInt64(w.uint32(264), m.usageLimit);
    if (m.swapUsage !== 0n) writeInt64(w.uint32(272), m.swapUsage);
    if (m.swapLimit !== 0n) writeInt64(w.uint32(280), m.swapLimit);
    if (m.maxUsage !== 0n) writeInt64(w.uint32(288), m.maxUsage);
    if (m.swapMaxUsage !== 0n) writeInt64(w.uint32(296), m.swapMaxUsage);
    if (m.psi !== undefined) {
      w.uint32(306).fork();
      PSIStats.write(m.psi, w);
      w.ldelim();
    }
    if (m.workingsetRefaultAnon !== 0n) writeInt64(w.uint32(312), m.workingsetRefaultAnon);
    if (m.workingsetRefaultFile !== 0n) writeInt64(w.uint32(320), m.workingsetRefaultFile);
    if (m.workingsetActivateAnon !== 0n) writeInt64(w.uint32(328), m.workingsetActivateAnon);
    if (m.workingsetActivateFile !== 0n) writeInt64(w.uint32(336), m.workingsetActivateFile);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.anon = readUint64(r);
          break;
        case 16:
          m.file = readUint64(r);
          break;
        case 24:
          m.kernelStack = readUint64(r);
          break;
        case 32:
          m.slab = readUint64(r);
          break;
        case 40:
          m.sock = readUint64(r);
          break;
        case 48:
          m.shmem = readUint64(r);
          break;
        case 56:
          m.fileMapped = readUint64(r);
          break;
        case 64:
          m.fileDirty = readUint64(r);
          break;
        case 72:
          m.fileWriteback = readUint64(r);
          break;
        case 80:
          m.anonThp = readUint64(r);
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
          m.slabReclaimable = readUint64(r);
          break;
        case 136:
          m.slabUnreclaimable = readUint64(r);
          break;
        case 144:
          m.pgfault = readUint64(r);
          break;
        case 152:
          m.pgmajfault = readUint64(r);
          break;
        case 160:
          m.workingsetRefault = readUint64(r);
          break;
        case 168:
          m.workingsetActivate = readUint64(r);
          break;
        case 176:
          m.workingsetNodereclaim = readUint64(r);
          break;
        case 184:
          m.pgrefill = readUint64(r);
          break;
        case 192:
          m.pgscan = readUint64(r);
          break;
        case 200:
          m.pgsteal = readUint64(r);
          break;
        case 208:
          m.pgactivate = readUint64(r);
          break;
        case 216:
          m.pgdeactivate = readUint64(r);
          break;
        case 224:
          m.pglazyfree = readUint64(r);
          break;
        case 232:
          m.pglazyfreed = readUint64(r);
          break;
        case 240:
          m.thpFaultAlloc = readUint64(r);
          break;
        case 248:
          m.thpCollapseAlloc = readUint64(r);
          break;
        case 256:
          m.usage = readUint64(r);
          break;
        case 264:
          m.usageLimit = readUint64(r);
          break;
        case 272:
          m.swapUsage = readUint64(r);
          break;
        case 280:
          m.swapLimit = readUint64(r);
          break;
        case 288:
          m.maxUsage = readUint64(r);
          break;
        case 296:
          m.swapMaxUsage = readUint64(r);
          break;
        case 306:
          m.psi = PSIStats.read(r, endOf(r, end), m.psi ?? PSIStats.create());
          break;
        case 312:
          m.workingsetRefaultAnon = readUint64(r);
          break;
        case 320:
          m.workingsetRefaultFile = readUint64(r);
          break;
        case 328:
          m.workingsetActivateAnon = readUint64(r);
          break;
        case 336:
          m.workingsetActivateFile = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface MemoryEvents {
  low: bigint;
  high: bigint;
  max: bigint;
  oom: bigint;
  oomKill: bigint;
  oomGroupKill: bigint;
}
export const MemoryEvents: MessageType<MemoryEvents> = messageType<MemoryEvents>(
  "io.containerd.cgroups.v2.MemoryEvents",
  () => ({ low: 0n, high: 0n, max: 0n, oom: 0n, oomKill: 0n, oomGroupKill: 0n }),
  (m, w) => {
    if (m.low !== 0n) writeInt64(w.uint32(8), m.low);
    if (m.high !== 0n) writeInt64(w.uint32(16), m.high);
    if (m.max !== 0n) writeInt64(w.uint32(24), m.max);
    if (m.oom !== 0n) writeInt64(w.uint32(32), m.oom);
    if (m.oomKill !== 0n) writeInt64(w.uint32(40), m.oomKill);
    if (m.oomGroupKill !== 0n) writeInt64(w.uint32(48), m.oomGroupKill);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.low = readUint64(r);
          break;
        case 16:
          m.high = readUint64(r);
          break;
        case 24:
          m.max = readUint64(r);
          break;
        case 32:
          m.oom = readUint64(r);
          break;
        case 40:
          m.oomKill = readUint64(r);
          break;
        case 48:
          m.oomGroupKill = readUint64(r);
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
  "io.containerd.cgroups.v2.RdmaStat",
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
  "io.containerd.cgroups.v2.RdmaEntry",
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

export interface IOStat {
  usage: IOEntry[];
  psi?: PSIStats | undefined;
}
export const IOStat: MessageType<IOStat> = messageType<IOStat>(
  "io.containerd.cgroups.v2.IOStat",
  () => ({ usage: [], psi: undefined }),
  (m, w) => {
    for (const value of m.usage) {
      w.uint32(10).fork();
      IOEntry.write(value, w);
      w.ldelim();
    }
    if (m.psi !== undefined) {
      w.uint32(18).fork();
      PSIStats.write(m.psi, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.usage.push(IOEntry.read(r, endOf(r, end), IOEntry.create()));
          break;
        case 18:
          m.psi = PSIStats.read(r, endOf(r, end), m.psi ?? PSIStats.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface IOEntry {
  major: bigint;
  minor: bigint;
  rbytes: bigint;
  wbytes: bigint;
  rios: bigint;
  wios: bigint;
}
export const IOEntry: MessageType<IOEntry> = messageType<IOEntry>(
  "io.containerd.cgroups.v2.IOEntry",
  () => ({ major: 0n, minor: 0n, rbytes: 0n, wbytes: 0n, rios: 0n, wios: 0n }),
  (m, w) => {
    if (m.major !== 0n) writeInt64(w.uint32(8), m.major);
    if (m.minor !== 0n) writeInt64(w.uint32(16), m.minor);
    if (m.rbytes !== 0n) writeInt64(w.uint32(24), m.rbytes);
    if (m.wbytes !== 0n) writeInt64(w.uint32(32), m.wbytes);
    if (m.rios !== 0n) writeInt64(w.uint32(40), m.rios);
    if (m.wios !== 0n) writeInt64(w.uint32(48), m.wios);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.major = readUint64(r);
          break;
        case 16:
          m.minor = readUint64(r);
          break;
        case 24:
          m.rbytes = readUint64(r);
          break;
        case 32:
          m.wbytes = readUint64(r);
          break;
        case 40:
          m.rios = readUint64(r);
          break;
        case 48:
          m.wios = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface HugeTlbStat {
  current: bigint;
  max: bigint;
  pagesize: string;
  failcnt: bigint;
}
export const HugeTlbStat: MessageType<HugeTlbStat> = messageType<HugeTlbStat>(
  "io.containerd.cgroups.v2.HugeTlbStat",
  () => ({ current: 0n, max: 0n, pagesize: "", failcnt: 0n }),
  (m, w) => {
    if (m.current !== 0n) writeInt64(w.uint32(8), m.current);
    if (m.max !== 0n) writeInt64(w.uint32(16), m.max);
    if (m.pagesize !== "") w.uint32(26).string(m.pagesize);
    if (m.failcnt !== 0n) writeInt64(w.uint32(32), m.failcnt);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.current = readUint64(r);
          break;
        case 16:
          m.max = readUint64(r);
          break;
        case 26:
          m.pagesize = readString(r);
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
  "io.containerd.cgroups.v2.NetworkStat",
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
