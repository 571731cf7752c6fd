import { constants, fsyncSync } from "node:fs";
import { open as openFile, rename, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256Hex } from "#sha256";
import { failedPrecondition, notFound, ShimError } from "../../../errors/shim-error.ts";
import { parseJson } from "../../../oci/json.ts";
import { close, open } from "../../../sys/libc.ts";
import { errorCode } from "../../../sys/sys-error.ts";
import type { MuxState } from "../../../transport/mux/state.ts";
import type { CallOptions, SaveOptions } from "../../lifetime.ts";
import { openSaved, readSaved } from "../../saved-file.ts";
import type { Hardware } from "./devices/hardware.ts";
import { checkSizing, type UvmDocument } from "./document.ts";
import type { QemuMonitor } from "./monitor.ts";
import { imageFiles } from "./process.ts";
import { migrate, migrateIncoming } from "./qmp/migration.ts";
import { isDocument, isHardware } from "./saved-shape.ts";

/** In the directory of a saved state: QEMU's part, and ours, which is written last and makes it complete. */
const STATE = "state";
const DOCUMENT = "vm.json";
const VERSION = 1;
/** What the fd of the state is called in QEMU. */
const FD_NAME = "saved-state";
const FINALIZE_MS = 10_000;
/** As fast as the disk takes it; QEMU's default would make it wait. */
const UNLIMITED = 2 ** 40;
/** So much of the image tells it from others: its superblock is there. */
const FINGERPRINT_BYTES = 64 * 1024;

export interface SavedState {
  readonly version: typeof VERSION;
  /** A state is loaded only by the QEMU that wrote it. */
  readonly qemu: string;
  readonly document: UvmDocument;
  readonly hardware: Hardware;
  readonly root: string;
  readonly stateBytes: number;
  readonly mux: unknown;
}

/** Writes the paused VM. Nothing of it is left in the directory on failure; throws resource-exhausted for a full disk. */
export async function writeSavedState(
  vm: {
    readonly monitor: QemuMonitor;
    readonly document: UvmDocument;
    readonly hardware: Hardware;
    readonly image: string;
    readonly mux: MuxState;
  },
  options: SaveOptions,
): Promise<void> {
  const { directory } = options;
  const paths = { state: join(directory, STATE), document: join(directory, DOCUMENT) };
  try {
    await rm(paths.document, { force: true });
    await writeState(vm.monitor, paths.state, options);
    const saved: SavedState = {
      version: VERSION,
      qemu: qemuVersion(vm.monitor),
      document: vm.document,
      hardware: vm.hardware,
      root: await fingerprint(vm.image),
      stateBytes: (await stat(paths.state)).size,
      mux: vm.mux,
    };
    await writeDurably(`${paths.document}.new`, JSON.stringify(saved));
    await rename(`${paths.document}.new`, paths.document);
    await syncDirectory(directory);
  } catch (cause) {
    for (const path of [paths.document, `${paths.document}.new`, paths.state]) {
      await rm(path, { force: true }).catch(() => undefined);
    }
    options.signal?.throwIfAborted();
    throw await explain(cause, directory);
  }
}

async function writeState(monitor: QemuMonitor, path: string, options: CallOptions): Promise<void> {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  const fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  try {
    await prepareMigration(monitor, options);
    await monitor.nameFd(FD_NAME, fd, options);
    try {
      await migrate(monitor.qmp, `fd:${FD_NAME}`, options);
    } finally {
      await finalized(monitor);
    }
    fsyncSync(fd);
  } finally {
    close(fd);
  }
}

/** QEMU tells the outcome a moment before it can go on; until then it refuses `cont`. */
async function finalized({ qmp }: QemuMonitor): Promise<void> {
  const options = { signal: AbortSignal.timeout(FINALIZE_MS) };
  while ((await qmp.execute("query-status", undefined, options)).status === "finish-migrate") await sleep(1);
}

/** Reads and checks what `writeSavedState` wrote. Throws not-found, data-loss or failed-precondition. */
export async function readSavedState(directory: string, image: string): Promise<SavedState> {
  const what = `saved state ${directory}`;
  const broken = (why: string, cause?: unknown): Error =>
    new ShimError("data-loss", `${what} is damaged: ${why}; cannot restore a VM from it: save one again`, { cause });
  let text: string;
  try {
    text = readSaved(directory, join(directory, DOCUMENT));
  } catch (cause) {
    if (cause instanceof ShimError) throw cause;
    throw notFound(
      `${what} has no ${DOCUMENT}; cannot restore a VM from it: name a directory that save completed`,
      cause,
    );
  }
  let saved: Partial<SavedState> | null;
  try {
    saved = parseJson(text) as Partial<SavedState> | null;
  } catch (cause) {
    throw broken(`${DOCUMENT} is no JSON`, cause);
  }
  if (typeof saved !== "object" || saved === null || typeof saved.version !== "number") {
    throw broken(`${DOCUMENT} has another form`);
  }
  if (saved.version !== VERSION) {
    throw failedPrecondition(`${what} has version ${saved.version}, this release reads ${VERSION}; cannot restore it`);
  }
  for (const member of ["document", "hardware", "mux"] as const) {
    if (typeof saved[member] !== "object" || saved[member] === null) throw broken(`${DOCUMENT} has no ${member}`);
  }
  if (!isDocument(saved.document)) throw broken(`document of ${DOCUMENT} has another form`);
  checkSizing(directory, saved.document.sizing);
  if (!isHardware(saved.hardware)) throw broken(`hardware of ${DOCUMENT} has another form`);
  const size = await stat(join(directory, STATE)).then(
    ({ size }) => size,
    () => undefined,
  );
  if (size === undefined) throw broken(`${STATE} is missing`);
  if (typeof saved.stateBytes !== "number") throw broken(`${DOCUMENT} has no stateBytes`);
  if (size !== saved.stateBytes) throw broken(`${STATE} has ${size} bytes, ${saved.stateBytes} were written`);
  if (saved.root !== (await fingerprint(image))) {
    throw failedPrecondition(
      `${what} is of a VM with another image than ${image}; cannot restore it: use the image that it was saved with`,
    );
  }
  return saved as SavedState;
}

/** Into a QEMU that waits for it. */
export async function loadState(
  monitor: QemuMonitor,
  directory: string,
  saved: SavedState,
  options: CallOptions,
): Promise<void> {
  if (saved.qemu !== qemuVersion(monitor)) {
    throw failedPrecondition(
      `saved state ${directory} is of QEMU ${saved.qemu}, this is ${qemuVersion(monitor)}; cannot restore it: use that QEMU`,
    );
  }
  const fd = openSaved(directory, join(directory, STATE));
  try {
    await prepareMigration(monitor, options);
    await monitor.nameFd(FD_NAME, fd, options);
    await migrateIncoming(monitor.qmp, `fd:${FD_NAME}`, options);
  } catch (cause) {
    options.signal?.throwIfAborted();
    const { message } = ShimError.from(cause);
    throw new ShimError("data-loss", `saved state ${directory} can't be loaded: ${message}; save a VM again`, {
      cause,
    });
  } finally {
    close(fd);
  }
}

async function prepareMigration({ qmp }: QemuMonitor, options: CallOptions): Promise<void> {
  await qmp.execute("migrate-set-capabilities", { capabilities: [{ capability: "events", state: true }] }, options);
  await qmp.execute("migrate-set-parameters", { "max-bandwidth": UNLIMITED }, options);
}

function qemuVersion({ qmp: { version } }: QemuMonitor): string {
  return version === undefined ? "unknown" : `${version.major}.${version.minor}.${version.micro}`;
}

/** Size and beginning: the file system's own id is among it. */
async function fingerprint(image: string): Promise<string> {
  const file = await openFile(join(image, imageFiles.root), "r");
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(FINGERPRINT_BYTES), 0, FINGERPRINT_BYTES, 0);
    return `${size}:${sha256Hex(buffer.subarray(0, bytesRead))}`;
  } finally {
    await file.close();
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await openFile(path, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await openFile(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** QEMU has one word for all that can go wrong with a file: the file system knows more. */
async function explain(cause: unknown, directory: string): Promise<Error> {
  const error = ShimError.from(cause, "internal");
  const free = await statfs(directory).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  );
  if (errorCode(cause) !== "ENOSPC" && !/No space left/.test(error.message) && (free === undefined || free > 1 << 20)) {
    return error;
  }
  return new ShimError(
    "resource-exhausted",
    `the file system of ${directory} is full; cannot save the VM there: free about as much as the VM's memory`,
    { cause },
  );
}
