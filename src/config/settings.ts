import { readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { CONFIG_PATH } from "#os/src/config/defaults.ts";
import { invalidArgument, notFound, ShimError } from "../errors/shim-error.ts";
import type { ConfigDocument, ConfigValue } from "./document.ts";
import type { ACCEL_NAMES, CHANNEL_NAMES } from "./keys/qemu.ts";
import type { LOG_LEVEL_NAMES, STACK_NAMES } from "./keys/shim.ts";
import { KEYS } from "./schema.ts";

type ConfigValues = ConfigDocument["values"];

/** The settings of one pod, complete. JSON-serialisable: the launcher hands them to the daemon. */
export interface Settings {
  readonly stack: (typeof STACK_NAMES)[number];
  /** Undefined: as containerd says. */
  readonly logLevel?: (typeof LOG_LEVEL_NAMES)[number];
  readonly runDirectory: string;
  readonly socketDirectory: string;
  /** Undefined: nothing is traced. */
  readonly traceDirectory?: string;
  readonly spareDaemons: number;
  readonly spareIdleSeconds: number;
  readonly runc: {
    readonly binary: string;
    readonly systemdCgroup: boolean;
  };
  readonly qemu: QemuSettings;
  readonly remotevm: RemotevmSettings;
  /** `containerd.runhcs.v1.Options` as they came, in base64: what stack hcs makes VMs by. */
  readonly runhcs?: string;
  /** What the settings come from, for the log: a path, "runtime options" or "defaults". */
  readonly source: string;
  /** Where each key that is set was set, as FILE:LINE or in words; the others have their defaults. */
  readonly origins: Readonly<Record<string, string>>;
}

/** `[qemu]`, complete but for what has no default. */
export interface QemuSettings {
  readonly binary: string;
  readonly virtiofsd: string;
  /** Undefined: beside the shim's executable. */
  readonly image?: string;
  readonly accel: (typeof ACCEL_NAMES)[number];
  readonly channel: (typeof CHANNEL_NAMES)[number];
  readonly processors: number;
  readonly maxProcessors: number;
  readonly memoryMiB: number;
  readonly maxMemoryMiB: number;
  readonly kernelArguments?: string;
  readonly template: boolean;
  readonly templateDirectory: string;
}

/** `[remotevm]`. */
export interface RemotevmSettings {
  readonly service: string;
  readonly arguments: readonly string[];
  /** In place of a service that is started. */
  readonly address?: string;
  /** A pod's annotations go over the two. */
  readonly annotations: boolean;
  /** Undefined: beside the shim's executable. */
  readonly image?: string;
  /** Undefined: of the image. */
  readonly kernel?: string;
  readonly initrd?: string;
  readonly root?: string;
  readonly kernelArguments: readonly string[];
  readonly processors: number;
  readonly memoryMiB: number;
}

/** `runtimeoptions.v1.Options`, and what the options of runc and runhcs say beside. */
export interface SettingsRequest {
  readonly configPath?: string;
  /** TOML. */
  readonly configBody?: string;
  readonly runc?: { readonly binaryName?: string; readonly systemdCgroup?: boolean };
  /** `containerd.runhcs.v1.Options`, in base64. */
  readonly runhcs?: string;
  /** For tests; default `/etc/uvm-shim/config.toml`. */
  readonly defaultPath?: string;
}

/**
 * The first of: the file named by the runtime options, the TOML inside them, the host's own file, the defaults. The
 * sources are not merged, so an operator sees in one place what holds. runc options of the request go over `[runc]`.
 * Throws not-found or invalid-argument, naming the file and the line at fault.
 */
export async function resolveSettings(request: SettingsRequest): Promise<Settings> {
  const { values, places, source } = await findValues(request);
  const text = (key: string) => stringOf(values, key);
  const logLevel = text("log_level") as Settings["logLevel"];
  const traceDirectory = text("trace_directory");
  return {
    stack: required(values, "stack") as Settings["stack"],
    ...(logLevel !== undefined && { logLevel }),
    runDirectory: required(values, "run_directory"),
    socketDirectory: required(values, "socket_directory"),
    ...(traceDirectory !== undefined && { traceDirectory }),
    spareDaemons: integer(values, "spare_daemons"),
    spareIdleSeconds: integer(values, "spare_idle_seconds"),
    runc: {
      binary: request.runc?.binaryName || required(values, "runc.binary"),
      systemdCgroup: request.runc?.systemdCgroup === true || lookUp(values, "runc.systemd_cgroup") === true,
    },
    qemu: qemuSettings(values),
    remotevm: remotevmSettings(values),
    ...(request.runhcs !== undefined && { runhcs: request.runhcs }),
    source,
    origins: { ...textsOf(places), ...runcOrigins(request.runc) },
  };
}

function textsOf(places: ConfigDocument["places"]): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [key, place] of places) texts[key] = place;
  return texts;
}

/** Of the keys that options of runc go over. */
function runcOrigins(runc: SettingsRequest["runc"]): Record<string, string> {
  const from = (member: string) => `runtime options, containerd.runc.v1.Options ${member}`;
  return {
    ...(runc?.binaryName && { "runc.binary": from("BinaryName") }),
    ...(runc?.systemdCgroup === true && { "runc.systemd_cgroup": from("SystemdCgroup") }),
  };
}

function remotevmSettings(values: ConfigValues): RemotevmSettings {
  const address = stringOf(values, "remotevm.address");
  const image = stringOf(values, "remotevm.image");
  const kernel = stringOf(values, "remotevm.kernel");
  const initrd = stringOf(values, "remotevm.initrd");
  const root = stringOf(values, "remotevm.root");
  return {
    ...(address !== undefined && { address }),
    ...(image !== undefined && { image }),
    ...(kernel !== undefined && { kernel }),
    ...(initrd !== undefined && { initrd }),
    ...(root !== undefined && { root }),
    service: required(values, "remotevm.service"),
    arguments: words(stringOf(values, "remotevm.arguments")),
    annotations: lookUp(values, "remotevm.annotations") === true,
    kernelArguments: words(stringOf(values, "remotevm.kernel_arguments")),
    processors: integer(values, "remotevm.processors"),
    memoryMiB: integer(values, "remotevm.memory_mib"),
  };
}

function words(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(/\s+/).filter(Boolean);
}

function qemuSettings(values: ConfigValues): QemuSettings {
  const image = stringOf(values, "qemu.image");
  const kernelArguments = stringOf(values, "qemu.kernel_arguments");
  const processors = integer(values, "qemu.processors");
  const memoryMiB = integer(values, "qemu.memory_mib");
  return {
    binary: required(values, "qemu.binary"),
    virtiofsd: required(values, "qemu.virtiofsd"),
    ...(image !== undefined && { image }),
    accel: required(values, "qemu.accel") as QemuSettings["accel"],
    channel: required(values, "qemu.channel") as QemuSettings["channel"],
    processors,
    maxProcessors: Math.max(processors, integer(values, "qemu.max_processors")),
    memoryMiB,
    maxMemoryMiB: Math.max(memoryMiB, integer(values, "qemu.max_memory_mib")),
    ...(kernelArguments !== undefined && { kernelArguments }),
    template: lookUp(values, "qemu.template") === true,
    templateDirectory: required(values, "qemu.template_directory"),
  };
}

async function findValues(request: SettingsRequest): Promise<ConfigDocument & { source: string }> {
  const { configPath, configBody, defaultPath = CONFIG_PATH } = request;
  if (configPath !== undefined && configPath !== "") {
    // The shim's working directory is the bundle: a relative path would mean something nobody intended.
    if (!isAbsolute(configPath)) throw invalidArgument(`config path ${configPath} is relative: give an absolute one`);
    const text = readConfig(configPath);
    if (text === undefined) throw notFound(`config ${configPath} does not exist: check the runtime's config path`);
    return { ...(await read(text, configPath)), source: configPath };
  }
  if (configBody !== undefined && configBody.trim() !== "") {
    return { ...(await read(configBody, "runtime options")), source: "runtime options" };
  }
  const text = readConfig(defaultPath);
  if (text !== undefined) return { ...(await read(text, defaultPath)), source: defaultPath };
  return { values: new Map(), places: new Map(), source: "defaults" };
}

/** Loaded late: the TOML parser is not needed where no configuration is. */
async function read(text: string, where: string): Promise<ConfigDocument> {
  const { readDocument } = await import("./document.ts");
  return readDocument(text, where);
}

function readConfig(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw invalidArgument(`config ${path} cannot be read: ${ShimError.from(error).message}`, error);
  }
}

function lookUp(values: ConfigValues, key: string): ConfigValue | undefined {
  return values.get(key) ?? KEYS.get(key)?.fallback;
}

function stringOf(values: ConfigValues, key: string): string | undefined {
  const value = lookUp(values, key);
  return typeof value === "string" ? value : undefined;
}

/** For keys with a fallback. */
function required(values: ConfigValues, key: string): string {
  const value = stringOf(values, key);
  if (value === undefined) throw new ShimError("internal", `config key ${key} has no fallback in the schema`);
  return value;
}

function integer(values: ConfigValues, key: string): number {
  const value = lookUp(values, key);
  if (typeof value !== "number") throw new ShimError("internal", `config key ${key} has no fallback in the schema`);
  return value;
}
