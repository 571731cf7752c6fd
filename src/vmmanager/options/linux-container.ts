import { anyContainer, linuxContainer } from "../../config/annotations/container.ts";
import { parseU64 } from "../../config/annotations/go-values.ts";
import { invalidArgument } from "../../errors/shim-error.ts";
import type { AnnotationReader } from "./annotation-reader.ts";

/** What annotations say of one LCOW container. Empty texts: nothing. */
export interface LinuxContainerOptions {
  readonly privileged: boolean;
  readonly hostNetwork: boolean;
  /** RLIMIT_CORE, in bytes. */
  readonly coreLimit?: { readonly soft: bigint; readonly hard: bigint };
  /** Of /dev/shm. */
  readonly shmKiB?: bigint;
  readonly teeLogPath: string;
  readonly teeLogMount: string;
  readonly gpuCapabilities: string;
}

/** Throws invalid-argument for limits that are none: a container with other limits than asked for is worse than none. */
export function readLinuxContainer(read: AnnotationReader): LinuxContainerOptions {
  const coreLimit = readCoreLimit(read.text(linuxContainer.coreLimit));
  const shmKiB = readShmSize(read);
  if (read.text(linuxContainer.gpuVhd) !== "") {
    read.warn(`annotation ${linuxContainer.gpuVhd.name} is passed over: VHDs of GPUs are no longer supported`);
  }
  return {
    privileged: read.bool(linuxContainer.privileged, false),
    hostNetwork: read.bool(linuxContainer.hostNetwork, false),
    ...(coreLimit === undefined ? {} : { coreLimit }),
    ...(shmKiB === undefined ? {} : { shmKiB }),
    teeLogPath: read.text(linuxContainer.teeLogPath),
    teeLogMount: read.text(linuxContainer.teeLogMount),
    gpuCapabilities: read.text(anyContainer.gpuCapabilities),
  };
}

function readCoreLimit(text: string): LinuxContainerOptions["coreLimit"] {
  if (text === "") return undefined;
  const [soft, hard, ...more] = text.split(";").map(parseU64);
  if (soft !== undefined && hard !== undefined && more.length === 0) return { soft, hard };
  throw invalidArgument(`annotation ${linuxContainer.coreLimit.name} is ${JSON.stringify(text)}, wanted SOFT;HARD`);
}

function readShmSize({ values }: AnnotationReader): bigint | undefined {
  const { name } = linuxContainer.shmSize;
  const text = values[name];
  if (text === undefined) return undefined;
  const size = parseU64(text);
  if (size !== undefined && size > 0n) return size;
  throw invalidArgument(`annotation ${name} is ${JSON.stringify(text)}, wanted KiB above 0`);
}
