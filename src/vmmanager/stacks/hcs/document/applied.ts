import { asObject } from "../../../../prot/json-codec.ts";
import { type ModifyRequest, TOPOLOGY } from "../modify/request.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The document that a VM would have been made with, had it had the change from its start: what a restore has to make
 * again. HCS tells no VM's configuration, but a request names its part of the document. `document`: as on the wire.
 */
export function withChange(document: JsonObject, { resourcePath, requestType, settings }: ModifyRequest): JsonObject {
  // Limits are the one resource that is no member of its own in a document.
  if (resourcePath === `${TOPOLOGY}/Processor/Limits`) {
    const limits = asObject(settings, "limits");
    return change(document, `${TOPOLOGY}/Processor`.split("/"), (processor) => ({ ...objectOf(processor), ...limits }));
  }
  // The mapping at a VPMem device's begin was brought with the device, and takes it along.
  const path =
    requestType === "Remove" ? resourcePath.replace(/(\/VirtualPMem\/Devices\/\d+)\/Mappings\/0$/, "$1") : resourcePath;
  return change(document, path.split("/"), (member) => {
    if (resourcePath.endsWith("/Shares")) return shares(member, requestType, asObject(settings, "share"));
    return requestType === "Remove" ? undefined : (settings ?? {});
  });
}

/** The part that a resource path names; undefined where there is none. */
export function partOf(document: JsonObject, resourcePath: string): unknown {
  return resourcePath.split("/").reduce<unknown>((part, name) => objectOf(part)[name], document);
}

/** Shares are a list; they are told apart by their names. */
function shares(member: unknown, requestType: ModifyRequest["requestType"], share: JsonObject): unknown {
  const others = (Array.isArray(member) ? member : []).filter((one) => objectOf(one).Name !== share.Name);
  const left = requestType === "Remove" ? others : [...others, share];
  return left.length === 0 ? undefined : left;
}

function change(object: JsonObject, path: readonly string[], edit: (member: unknown) => unknown): JsonObject {
  const [name = "", ...rest] = path;
  const before = Object.hasOwn(object, name) ? object[name] : undefined;
  const member = rest.length === 0 ? edit(before) : change(objectOf(before), rest, edit);
  const { [name]: _, ...others } = object;
  return member === undefined ? others : { ...others, [name]: member };
}

function objectOf(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
