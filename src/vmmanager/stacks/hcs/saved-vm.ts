import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { notFound, ShimError } from "../../../errors/shim-error.ts";
import { stringifyJson } from "../../../oci/json.ts";
import { anyObject, bool, i32, list, oneOf, optional, parseAt, u32 } from "../../../prot/json-codec.ts";
import { field, record } from "../../../prot/json-record.ts";
import type { CallOptions } from "../../lifetime.ts";
import type { ComputeCore, ComputeSystem } from "./computecore/compute-core.ts";
import type { VmRecord } from "./vm-record.ts";

/** In the directory of a saved VM: HCS's part, and ours, which is written last and makes it complete. */
const STATE = "vm.vmrs";
const RECORD = "vm.json";
const VERSION = 1;

const savedVm = record({
  version: field("version", i32),
  os: field("os", oneOf(["linux", "windows"], "linux")),
  multiMapping: field("multiMapping", bool),
  encryptsScratch: field("encryptsScratch", bool, "omitempty"),
  shareRules: field(
    "shareRules",
    record({
      readOnly: field("readOnly", optional(bool), "omitempty"),
      noDirectMap: field("noDirectMap", optional(bool), "omitempty"),
    }),
  ),
  reserved: field(
    "reserved",
    record({
      scsi: field("scsi", list(record({ controller: field("controller", u32), lun: field("lun", u32) }))),
      vpmem: field("vpmem", list(u32)),
    }),
  ),
  document: field("document", anyObject),
});

/** Writes the paused VM; nothing of it stays on failure. */
export async function writeSavedVm(
  vm: {
    readonly system: ComputeSystem;
    readonly core: Pick<ComputeCore, "createEmptyRuntimeStateFile" | "grantVmAccess">;
    readonly record: VmRecord;
  },
  directory: string,
  call: CallOptions,
): Promise<void> {
  const [state, own] = [join(directory, STATE), join(directory, RECORD)];
  const remove = async (): Promise<void> => {
    await rm(own, { force: true });
    await rm(state, { force: true });
  };
  await remove();
  try {
    vm.core.createEmptyRuntimeStateFile(state);
    vm.core.grantVmAccess(vm.system.id, state);
    await vm.system.save(stringifyJson({ SaveType: "ToFile", SaveStateFilePath: state }), call);
    await writeFile(own, stringifyJson(savedVm.encode({ ...vm.record, version: VERSION })), { mode: 0o600 });
  } catch (error) {
    await remove();
    throw ShimError.from(error, "internal");
  }
}

/** Throws not-found for a directory without a saved VM, data-loss for what no save has written. */
export async function readSavedVm(directory: string): Promise<{ readonly record: VmRecord; readonly state: string }> {
  const path = join(directory, RECORD);
  const text = await readFile(path, "utf8").catch((cause) => {
    throw notFound(`there is no saved VM in ${directory}: ${ShimError.from(cause).message}`, cause);
  });
  try {
    const { version, ...vm } = savedVm.decode(parseAt(text, path), path);
    if (version !== VERSION) throw new ShimError("data-loss", `${path} is of version ${version}`);
    const { readOnly, noDirectMap } = vm.shareRules;
    const shareRules = {
      ...(readOnly !== undefined && { readOnly }),
      ...(noDirectMap !== undefined && { noDirectMap }),
    };
    return { record: { ...vm, shareRules }, state: join(directory, STATE) };
  } catch (cause) {
    throw new ShimError("data-loss", `${path} is no saved VM: ${ShimError.from(cause).message}`, { cause });
  }
}
