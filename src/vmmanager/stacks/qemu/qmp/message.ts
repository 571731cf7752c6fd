import { ShimError } from "../../../../errors/shim-error.ts";
import { parseJson } from "../../../../oci/json.ts";
import { anything, integer, members, object, optional, text } from "./shape.ts";

export interface QemuVersion {
  readonly major: number;
  readonly minor: number;
  readonly micro: number;
  /** The distribution's words; may be empty. */
  readonly package: string;
}

/** One line from QEMU's monitor (reference: QEMU, "QMP Protocol Specification"). */
export type QmpMessage =
  | { readonly kind: "greeting"; readonly version: QemuVersion }
  | { readonly kind: "return"; readonly id: number; readonly value: unknown }
  | { readonly kind: "error"; readonly id: number | undefined; readonly errorClass: string; readonly desc: string }
  | { readonly kind: "event"; readonly name: string; readonly data: unknown };

const readVersion = object({
  qemu: ["qemu", object({ major: ["major", integer], minor: ["minor", integer], micro: ["micro", integer] })],
  package: ["package", text],
});
const readGreeting = object({ version: ["version", readVersion] });
const readError = object({ errorClass: ["class", text], desc: ["desc", text] });

/** Throws data-loss for what is no message of the protocol. */
export function parseMessage(line: string): QmpMessage {
  let value: unknown;
  try {
    value = parseJson(line);
  } catch (cause) {
    throw new ShimError("data-loss", `QEMU sent a line that is no JSON: ${excerpt(line)}`, { cause });
  }
  const message = members(value, "message");
  if (Object.hasOwn(message, "QMP")) {
    const { qemu, package: words } = readGreeting(message.QMP, "greeting").version;
    return { kind: "greeting", version: { ...qemu, package: words } };
  }
  if (Object.hasOwn(message, "event")) {
    return { kind: "event", name: text(message.event, "event"), data: message.data ?? {} };
  }
  if (Object.hasOwn(message, "error")) {
    return { kind: "error", id: optional(integer)(message.id, "id"), ...readError(message.error, "error") };
  }
  if (Object.hasOwn(message, "return")) {
    return { kind: "return", id: integer(message.id, "id"), value: anything(message.return, "return") };
  }
  throw new ShimError("data-loss", `QEMU sent what is no QMP message: ${excerpt(line)}`);
}

function excerpt(line: string): string {
  return JSON.stringify(line.length > 80 ? `${line.slice(0, 80)}...` : line);
}
