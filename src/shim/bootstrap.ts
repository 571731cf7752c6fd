import { invalidArgument } from "../errors/shim-error.ts";
import { BootstrapParams, BootstrapResult } from "../generated/containerd/runtime/bootstrap/v1.ts";
import { Any } from "../generated/google/protobuf.ts";
import type { LogLevel } from "../log/logger.ts";

/**
 * How a caller of `start` wants its answer. There is no reply that all releases of containerd read:
 * `text` 1.6, `json` 1.7 to 2.2, `protobuf` 2.3 and later (reference: containerd-shim, 1.4 and 1.5).
 */
export type Dialect = "text" | "json" | "protobuf";

export interface Bootstrap {
  readonly dialect: Dialect;
  /** The runtime options among what the caller sent, types not yet looked at. */
  readonly options: readonly Any[];
  /** Only with protobuf. */
  readonly socketDirectory?: string;
  readonly logLevel?: LogLevel;
  readonly containerdVersion?: string;
}

export interface StartInput {
  /** All of stdin. */
  readonly stdin: Uint8Array;
  readonly id: string;
  readonly namespace: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Throws invalid-argument where stdin is neither kind of message. */
export function readBootstrap({ stdin, id, namespace, env }: StartInput): Bootstrap {
  if (stdin.length > 0) {
    const params = tryDecode(() => BootstrapParams.decode(stdin));
    // A bare Any reads as BootstrapParams too: its type URL lands in the id, its value in the namespace.
    if (params !== undefined && params.instanceId === id && params.namespace === namespace) return fromParams(params);
  }
  // 1.6 is known by what it does not set; 1.7 to 2.2 can't be told apart, and all of them read JSON of version 2.
  const { MAX_SHIM_VERSION: version, GRPC_ADDRESS: address, NAMESPACE: name } = env;
  const isOld = version === undefined && address === undefined && name === undefined;
  const dialect = isOld ? "text" : "json";
  if (stdin.length === 0) return { dialect, options: [] };
  const options = tryDecode(() => Any.decode(stdin));
  if (options === undefined) {
    throw invalidArgument(
      `stdin holds ${stdin.length} bytes that are neither bootstrap parameters for ${namespace}/${id} nor runtime options`,
    );
  }
  return { dialect, options: [options] };
}

/** The bytes for stdout. No newline after protobuf: it would be read as a field. */
export function encodeReply(dialect: Dialect, address: string): Uint8Array {
  switch (dialect) {
    case "text":
      return new TextEncoder().encode(address);
    case "json":
      // Version 3 would be refused by 1.7.
      return new TextEncoder().encode(JSON.stringify({ version: 2, address, protocol: "ttrpc" }));
    case "protobuf":
      return BootstrapResult.encode(BootstrapResult.create({ version: 3, address, protocol: "ttrpc" }));
  }
}

function fromParams(params: BootstrapParams): Bootstrap {
  const options: Any[] = [];
  for (const { value } of params.extensions) if (value !== undefined) options.push(value);
  return {
    dialect: "protobuf",
    options,
    logLevel: levelOf(params.logLevel),
    ...(params.socketDir !== undefined && params.socketDir !== "" && { socketDirectory: params.socketDir }),
    ...(params.containerdVersion !== "" && { containerdVersion: params.containerdVersion }),
  };
}

/** The numbers are slog's: a level takes in all above it up to the next. */
function levelOf(level: number): LogLevel {
  if (level >= 8) return "error";
  if (level >= 4) return "warn";
  if (level >= 0) return "info";
  return level >= -4 ? "debug" : "trace";
}

function tryDecode<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
