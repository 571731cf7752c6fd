import { invalidArgument, ShimError } from "../errors/shim-error.ts";
import type { Any } from "../generated/google/protobuf.ts";
import type { MessageType } from "../generated/wire.ts";

/** Both spellings are about: containerd writes the bare name, other clients the googleapis prefix. */
export function typeOf(any: Any): string {
  return any.typeUrl.replace(/^type\.googleapis\.com\//, "");
}

/** The message of this type in an Any; `what` begins the error's sentence. Throws invalid-argument. */
export function messageOf<T extends object>(type: MessageType<T>, any: Any, what: string): T {
  if (typeOf(any) !== type.typeName) {
    throw invalidArgument(`${what}: its type is ${JSON.stringify(any.typeUrl.slice(0, 200))}, not ${type.typeName}`);
  }
  try {
    return type.decode(any.value);
  } catch (error) {
    throw invalidArgument(`${what}: the ${type.typeName} cannot be read: ${ShimError.from(error).message}`, error);
  }
}
