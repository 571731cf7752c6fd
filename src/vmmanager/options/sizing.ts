import type { Annotation } from "../../config/annotations/annotation.ts";
import { podHints } from "../../config/annotations/pod.ts";
import { topology } from "../../config/annotations/topology.ts";
import { LEAST_MEMORY_MIB } from "../../config/keys/qemu.ts";
import { invalidArgument } from "../../errors/shim-error.ts";
import type { Spec } from "../../oci/spec.ts";
import type { UvmSizing } from "../sizing.ts";

const MIB = 1024 * 1024;
/** The guest's kernel, its first process and the page cache of both; on top of what containers are promised. */
const GUEST_OVERHEAD_MIB = 128;
/** CRI's word for one whole processor in shares (requests). */
const SHARES_A_PROCESSOR = 1024;

const COUNT = topology.processorCount.name;
const SIZE = topology.memorySize.name;

export interface SizingRequest {
  /** Whose VM it is. */
  readonly pod: string;
  /** As configured: the least that a VM gets, and how far it may grow. */
  readonly configured: UvmSizing;
  /** Of the pod's first container: the sandbox under CRI. */
  readonly spec: Pick<Spec, "annotations" | "linux">;
  readonly hostProcessors: number;
  /** All that the host has, used or not. */
  readonly hostMemoryMiB: number;
  /** Told of what is passed over. */
  readonly warn: (message: string) => void;
}

/**
 * How big a pod's VM is made. Each of these goes over those before it: the configuration; CRI's hints of the whole pod and
 * the first container's own limits, which can only make it bigger; hcsshim's annotations, which hold as they are. A value
 * that is no number is passed over with a warning, as hcsshim does (reference: hcsshim, 4.4); more processors or memory than
 * the host has become those: a limit may be beyond any host, and a guest is minutes at counting its terabyte. Throws
 * invalid-argument for memory that no guest can boot in.
 */
export function sizeUvm({ pod, configured, spec, hostProcessors, hostMemoryMiB, warn }: SizingRequest): UvmSizing {
  const number = (key: string): number | undefined => {
    const text = spec.annotations?.[key];
    if (text === undefined || text === "") return undefined;
    if (/^-?\d{1,15}$/.test(text)) return Number(text);
    warn(`annotation ${key} of pod ${pod} is ${JSON.stringify(text)}, wanted a whole number: it is passed over`);
    return undefined;
  };
  const limits = limitsOf(spec);
  const promised = [number(podHints.memory.name), limits.memory].map(withOverhead);
  const hinted = processorsOf({
    ...{
      period: number(podHints.cpuPeriod.name),
      quota: number(podHints.cpuQuota.name),
      shares: number(podHints.cpuShares.name),
    },
  });

  const positive = (key: string): number | undefined => {
    const value = number(key);
    if (value === undefined || value > 0) return value;
    warn(`annotation ${key} of pod ${pod} is ${value}: it is passed over`);
    return undefined;
  };
  const processors = positive(COUNT) ?? Math.max(configured.processors, hinted, limits.processors);
  const wanted = positive(SIZE) ?? Math.max(configured.memoryMiB, ...promised);
  if (wanted < LEAST_MEMORY_MIB) {
    throw invalidArgument(
      `annotation ${SIZE} of pod ${pod} asks for ${wanted} MiB: give the VM at least ${LEAST_MEMORY_MIB}`,
    );
  }
  const memoryMiB = Math.min(wanted, Math.max(hostMemoryMiB, configured.memoryMiB));
  if (memoryMiB < wanted) warn(`the VM gets ${memoryMiB} MiB instead of ${wanted}: the host has no more`);
  const possible = Math.min(processors, Math.max(hostProcessors, configured.processors));
  if (possible < processors) warn(`the VM gets ${possible} processors instead of ${processors}: the host has no more`);
  return {
    processors: possible,
    maxProcessors: Math.max(possible, configured.maxProcessors),
    memoryMiB,
    maxMemoryMiB: Math.max(memoryMiB, configured.maxMemoryMiB),
  };
}

/** What a container, or a pod as a whole, may use of its VM; a member that is not there is not limited, or not said. */
export interface Claim {
  /** Bytes. */
  readonly memory?: number;
  /** Of CPU time, in microseconds a period. */
  readonly quota?: number;
  /** Microseconds. */
  readonly period?: number;
}

/** The kernel's own. */
const DEFAULT_PERIOD = 100_000;
/** A sum of thirds may be a hair more than it is. */
const HAIR = 1e-6;

/** Of a container with these limits (OCI's LinuxResources). */
export function claimOf(resources: object): Claim {
  const { memory, cpu } = resources as Readonly<Record<string, unknown>>;
  return said({ memory: member(memory, "limit"), quota: member(cpu, "quota"), period: member(cpu, "period") });
}

/** Of a pod as a whole, as CRI tells it at its resize (reference: containerd-shim, 1.19). */
export function podClaim(annotations: Readonly<Record<string, string>>): Claim {
  const number = ({ name }: Annotation): number | undefined => {
    const text = annotations[name] ?? "";
    return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
  };
  const { memory, cpuQuota, cpuPeriod } = podHints;
  return said({ memory: number(memory), quota: number(cpuQuota), period: number(cpuPeriod) });
}

/** The least VM in which all of these have what they may use; 0 for what none of them limits. */
export function sizeOf(claims: readonly Claim[]): Pick<UvmSizing, "memoryMiB" | "processors"> {
  let [bytes, processors] = [0, 0];
  for (const { memory = 0, quota = 0, period = 0 } of claims) {
    bytes += Math.max(0, memory);
    processors += Math.max(0, quota) / (period > 0 ? period : DEFAULT_PERIOD);
  }
  return { memoryMiB: withOverhead(bytes), processors: Math.ceil(processors - HAIR) };
}

function said(claim: { readonly [Name in keyof Claim]: number | undefined }): Claim {
  return Object.fromEntries(Object.entries(claim).filter(([, value]) => value !== undefined));
}

function withOverhead(bytes = 0): number {
  return bytes > 0 ? Math.ceil(bytes / MIB) + GUEST_OVERHEAD_MIB : 0;
}

/** A quota is what the pod may use; without one, its shares are what it was promised. 0: neither. */
function processorsOf({
  period = 0,
  quota = 0,
  shares = 0,
}: Record<"period" | "quota" | "shares", number | undefined>) {
  if (period > 0 && quota > 0) return Math.ceil(quota / period);
  // Kubernetes gives a pod without requests 2 shares.
  return shares > SHARES_A_PROCESSOR ? Math.ceil(shares / SHARES_A_PROCESSOR) : 0;
}

/** Of the first container; the sandbox's own under CRI are those of the pause process, which is small. */
function limitsOf({ linux }: SizingRequest["spec"]): { memory: number; processors: number } {
  const { memory, cpu } = linux?.resources ?? {};
  return {
    memory: member(memory, "limit") ?? 0,
    processors: processorsOf({ period: member(cpu, "period"), quota: member(cpu, "quota"), shares: undefined }),
  };
}

/** Integers of a spec beyond 2^53 are bigint. */
function member(value: unknown, name: string): number | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const found: unknown = (value as Record<string, unknown>)[name];
  return typeof found === "number" || typeof found === "bigint" ? Number(found) : undefined;
}
