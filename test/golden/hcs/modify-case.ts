import type { ErrorKind } from "../../../src/errors/shim-error.ts";
import type { UtilityVM } from "../../../src/vmmanager/uvm.ts";
import type { Json } from "./case.ts";

export interface ModifyCase {
  readonly shows: string;
  /** Default: linux. */
  readonly guest?: "linux" | "windows";
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of Windows; default 26100. */
  readonly build?: number;
  readonly call: (uvm: UtilityVM) => Promise<unknown>;
  /** The last request. */
  readonly sends?: Json;
  readonly refuses?: readonly [kind: ErrorKind, message: RegExp];
}
