import { type ErrorKind, ShimError } from "../../../../errors/shim-error.ts";
import { excerpt } from "../../../guest-console.ts";

/** How QEMU said no: the cause of the ShimError that `execute` rejects with. */
export class QmpCommandError extends Error {
  override readonly name = "QmpCommandError";
  /** QEMU's class: GenericError nearly always. */
  readonly errorClass: string;
  readonly desc: string;

  constructor(errorClass: string, desc: string) {
    super(`${errorClass}: ${desc}`);
    this.errorClass = errorClass;
    this.desc = desc;
  }
}

/** QEMU has five classes, and for nearly everything only GenericError: the words tell what it means. First match wins. */
const kindsByWords: readonly (readonly [RegExp, ErrorKind])[] = [
  [/^Property '.*' not found/, "invalid-argument"],
  [/No such file or directory|not found|Failed to find|can't find value/, "not-found"],
  [/^Duplicate|duplicate property|already exists/, "already-exists"],
  [/Permission denied|Operation not permitted/, "permission-denied"],
  [/Cannot allocate memory|No space left|not enough space|no free|no slots|No 'PCI' bus found/i, "resource-exhausted"],
  [/in use|is busy|already in the process|non-migratable|was not specified on the command line/, "failed-precondition"],
  [/does not support|not supported|not hotpluggable|can not be hotplugged/i, "unimplemented"],
  [/not a valid|does not accept|expects|is missing|is unexpected|invalid|must be in range/i, "invalid-argument"],
];

/** The error of a command that QEMU refused. `what` names the command and its subject; a guest may have QEMU's tongue. */
export function commandError(what: string, errorClass: string, desc: string): ShimError {
  const words = excerpt(desc);
  const cause = new QmpCommandError(excerpt(errorClass), words);
  return new ShimError(kindOfRefusal(errorClass, words), `QEMU refused ${what}: ${words}`, { cause });
}

function kindOfRefusal(errorClass: string, desc: string): ErrorKind {
  switch (errorClass) {
    case "CommandNotFound":
    case "KVMMissingCap":
      return "unimplemented";
    case "DeviceNotFound":
      return "not-found";
    case "DeviceNotActive":
      return "failed-precondition";
    default:
      return kindsByWords.find(([words]) => words.test(desc))?.[1] ?? "internal";
  }
}
