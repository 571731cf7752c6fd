/** What is read of a sandbox's spec. */
export interface VmSpec {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly windows?: unknown;
  /** That it is there tells a Linux spec. */
  readonly linux?: unknown;
}

/** Of a spec's `windows.resources`; 0 for what it does not limit. */
export interface WindowsResources {
  readonly processors: number;
  readonly processorLimit: number;
  readonly processorWeight: number;
  readonly memoryMiB: bigint;
  readonly storageIops: number;
  /** Bytes per second. */
  readonly storageBandwidth: number;
}

/** Annotations and runtime options go over it. */
export function windowsResources(spec: VmSpec): WindowsResources {
  const resources = member(spec.windows, "resources");
  const [cpu, memory, storage] = ["cpu", "memory", "storage"].map((name) => member(resources, name));
  return {
    processors: int32(number(cpu, "count")),
    processorLimit: int32(number(cpu, "maximum")),
    processorWeight: int32(number(cpu, "shares")),
    memoryMiB: number(memory, "limit") / 1_048_576n,
    storageIops: int32(number(storage, "iops")),
    storageBandwidth: int32(number(storage, "bps")),
  };
}

/** What the documents carry of it is 32 bits wide. */
function int32(value: bigint): number {
  return Math.min(Number(value), 0x7fff_ffff);
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

/** Integers of a spec beyond 2^53 are bigint. */
function number(value: unknown, name: string): bigint {
  const found = member(value, name);
  if (typeof found === "bigint") return found > 0n ? found : 0n;
  return typeof found === "number" && Number.isSafeInteger(found) && found > 0 ? BigInt(found) : 0n;
}
