import { notFound } from "../../errors/shim-error.ts";
import type { Any } from "../../generated/google/protobuf.ts";
import * as v1 from "../../generated/io/containerd/cgroups/v1.ts";
import * as v2 from "../../generated/io/containerd/cgroups/v2.ts";
import type { MessageType } from "../../generated/wire.ts";

/**
 * Statistics as the guest writes them (JSON, names as in the .proto) into the Any that containerd decodes. The message
 * type leads: what it has no field for, and a value that is none for its field, is left out; the guest is not trusted.
 */
export function metricsAny(id: string, statistics: { v1?: object; v2?: object }): Any {
  if (statistics.v2 !== undefined) return pack(v2.Metrics, V2, statistics.v2);
  if (statistics.v1 !== undefined) return pack(v1.Metrics, V1, statistics.v1);
  throw noStatistics(id);
}

/** CRI passes over a container whose error says this. */
export function noStatistics(id: string): Error {
  return notFound(`container ${id} has no statistics: cgroup does not exist`);
}

/** The same of cgroup v1 alone, not packed. */
export function metricsV1(json: object): v1.Metrics {
  return message(v1.Metrics, V1, json);
}

/** The message types of a message's message fields. A field that is a list by default holds many. */
interface Nested {
  readonly [field: string]: { readonly type: MessageType<never>; readonly nested?: Nested };
}

const of = <T extends object>(type: MessageType<T>, nested?: Nested): Nested[string] =>
  nested === undefined ? { type: type as never } : { type: type as never, nested };

const memoryEntry = of(v1.MemoryEntry);
const blkioEntry = of(v1.BlkIOEntry);
const V1: Nested = {
  hugetlb: of(v1.HugetlbStat),
  pids: of(v1.PidsStat),
  cpu: of(v1.CPUStat, { usage: of(v1.CPUUsage), throttling: of(v1.Throttle) }),
  memory: of(v1.MemoryStat, { usage: memoryEntry, swap: memoryEntry, kernel: memoryEntry, kernelTcp: memoryEntry }),
  blkio: of(v1.BlkIOStat, {
    ioServiceBytesRecursive: blkioEntry,
    ioServicedRecursive: blkioEntry,
    ioQueuedRecursive: blkioEntry,
    ioServiceTimeRecursive: blkioEntry,
    ioWaitTimeRecursive: blkioEntry,
    ioMergedRecursive: blkioEntry,
    ioTimeRecursive: blkioEntry,
    sectorsRecursive: blkioEntry,
  }),
  rdma: of(v1.RdmaStat, { current: of(v1.RdmaEntry), limit: of(v1.RdmaEntry) }),
  network: of(v1.NetworkStat),
  cgroupStats: of(v1.CgroupStats),
  memoryOomControl: of(v1.MemoryOomControl),
};

const psi = of(v2.PSIStats, { some: of(v2.PSIData), full: of(v2.PSIData) });
const V2: Nested = {
  pids: of(v2.PidsStat),
  cpu: of(v2.CPUStat, { psi }),
  memory: of(v2.MemoryStat, { psi }),
  rdma: of(v2.RdmaStat, { current: of(v2.RdmaEntry), limit: of(v2.RdmaEntry) }),
  io: of(v2.IOStat, { usage: of(v2.IOEntry), psi }),
  hugetlb: of(v2.HugeTlbStat),
  memoryEvents: of(v2.MemoryEvents),
  network: of(v2.NetworkStat),
};

function pack<T extends object>(type: MessageType<T>, nested: Nested, json: object): Any {
  return { typeUrl: type.typeName, value: type.encode(message(type, nested, json)) };
}

function message<T extends object>(type: MessageType<T>, nested: Nested, json: object): T {
  const result = type.create();
  for (const field of Object.keys(result)) {
    const value = fieldValue(nested[field], Reflect.get(result, field), Reflect.get(json, jsonName(field)));
    if (value !== undefined) Reflect.set(result, field, value);
  }
  return result;
}

function fieldValue(nested: Nested[string] | undefined, initial: unknown, json: unknown): unknown {
  if (Array.isArray(initial)) {
    if (!Array.isArray(json)) return undefined;
    // The only list of plain numbers is v1's per_cpu.
    const one = (item: unknown) => (nested === undefined ? count(item) : nestedMessage(nested, item));
    return json.map(one).filter((item) => item !== undefined);
  }
  if (nested !== undefined) return nestedMessage(nested, json);
  if (typeof initial === "bigint") return count(json);
  return typeof json === typeof initial ? json : undefined;
}

function nestedMessage({ type, nested = {} }: Nested[string], json: unknown): unknown {
  if (typeof json !== "object" || json === null) return undefined;
  return message(type as MessageType<object>, nested, json);
}

/** A u64: a number that is exact, or a bigint; undefined for anything else. */
export function count(json: unknown): bigint | undefined {
  if (typeof json === "bigint") return json >= 0n && json < 2n ** 64n ? json : undefined;
  return typeof json === "number" && Number.isSafeInteger(json) && json >= 0 ? BigInt(json) : undefined;
}

/** As many as the messages have fields. */
const jsonNames = new Map<string, string>();

/** Field `perCpu` is "per_cpu" in the .proto and in the JSON. */
function jsonName(field: string): string {
  let name = jsonNames.get(field);
  if (name === undefined) {
    name = field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    jsonNames.set(field, name);
  }
  return name;
}
